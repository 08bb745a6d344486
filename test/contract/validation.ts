/** The texts of validation errors, as users see them from kubectl and we print them in events. */

import { describe } from 'node:test';
import type { KubeObject, ResourceType } from '../../src/kube/api.ts';
import {
  ANALYSIS_TEMPLATE,
  CONFIG_MAP,
  INGRESS,
  JOB,
  LEASE,
  NAMESPACE,
  REPLICA_SET,
  ROLLOUT,
  SECRET,
  SERVICE,
  POD,
} from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { at, configMap, object, podTemplate, point, rollout, type World } from './world.ts';

export function validation(w: World): void {
  describe('validation', () => {
    const refusals = (name: string, type: ResourceType, make: () => KubeObject, expected: string): void =>
      point(name, async () => await w.told(w.make(type, make())), expected);
    const meta = (name: string, metadata: JsonObject): KubeObject =>
      object(CONFIG_MAP, { name, ...metadata });

    refusals(
      'a label key that is not a qualified name',
      CONFIG_MAP,
      () => meta('val-1', { labels: { 'bad key': 'x' } }),
      "422 Invalid: ConfigMap \"val-1\" is invalid: metadata.labels: Invalid value: \"bad key\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    );
    refusals(
      'a label key with a bad prefix',
      CONFIG_MAP,
      () => meta('val-2', { labels: { 'Bad_Prefix/x': 'x' } }),
      "422 Invalid: ConfigMap \"val-2\" is invalid: metadata.labels: Invalid value: \"Bad_Prefix/x\": prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    );
    refusals(
      'a label key with two slashes',
      CONFIG_MAP,
      () => meta('val-2b', { labels: { 'a/b/c': 'x' } }),
      "422 Invalid: ConfigMap \"val-2b\" is invalid: metadata.labels: Invalid value: \"a/b/c\": a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    );
    refusals(
      'an empty label key',
      CONFIG_MAP,
      () => meta('val-2c', { labels: { '': 'x' } }),
      "422 Invalid: ConfigMap \"val-2c\" is invalid: [metadata.labels: Invalid value: \"\": name part must be non-empty, metadata.labels: Invalid value: \"\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')]",
    );
    refusals(
      'a label key that is too long',
      CONFIG_MAP,
      () => meta('val-2d', { labels: { ['k'.repeat(64)]: 'x' } }),
      '422 Invalid: ConfigMap "val-2d" is invalid: metadata.labels: Invalid value: "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk": name part must be no more than 63 bytes',
    );
    refusals(
      'a label value',
      CONFIG_MAP,
      () => meta('val-3', { labels: { a: 'no spaces' } }),
      "422 Invalid: ConfigMap \"val-3\" is invalid: metadata.labels: Invalid value: \"no spaces\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    );
    refusals(
      'a label value that is too long',
      CONFIG_MAP,
      () => meta('val-4', { labels: { a: 'v'.repeat(64) } }),
      '422 Invalid: ConfigMap "val-4" is invalid: metadata.labels: Invalid value: "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv": must be no more than 63 bytes',
    );
    point(
      'several labels are all told',
      async () => {
        const text = await w.told(w.make(CONFIG_MAP, meta('val-5', { labels: { b: '-', a: '_' } })));
        return [...text.matchAll(/Invalid value: ("[-_]")/g)].map(([, value]) => value).sort();
      },
      ['"-"', '"_"'],
    );
    refusals(
      'a label that is a number',
      CONFIG_MAP,
      () => meta('val-6', { labels: { a: 1 } }),
      '400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    );
    refusals(
      'a label that is a number, on a custom resource',
      ROLLOUT,
      () => ({
        ...rollout('val-6r'),
        metadata: { name: 'val-6r', labels: { a: 1 } } as never,
      }),
      '400 BadRequest: Rollout in version "v1alpha1" cannot be handled as a Rollout: json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string',
    );
    refusals(
      'an annotation key',
      CONFIG_MAP,
      () => meta('val-7', { annotations: { 'bad key': 'x' } }),
      "422 Invalid: ConfigMap \"val-7\" is invalid: metadata.annotations: Invalid value: \"bad key\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    );
    refusals(
      'annotations that are too large',
      CONFIG_MAP,
      () => meta('val-8', { annotations: { a: 'x'.repeat(262145) } }),
      '422 Invalid: ConfigMap "val-8" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
    );
    refusals(
      'a name that is too long',
      CONFIG_MAP,
      () => configMap('n'.repeat(254)),
      '422 Invalid: ConfigMap "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn" is invalid: metadata.name: Invalid value: "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn": must be no more than 253 characters',
    );
    refusals(
      'a name of a Service, which may begin with a digit now but hold no dot',
      SERVICE,
      () => object(SERVICE, { name: 'Bad.Service' }, { spec: { ports: [{ port: 80 }] } }),
      "422 Invalid: Service \"Bad.Service\" is invalid: metadata.name: Invalid value: \"Bad.Service\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    );
    refusals(
      'a name of a namespace',
      NAMESPACE,
      () => object(NAMESPACE, { name: 'a.b', namespace: '' }),
      '422 Invalid: Namespace "a.b" is invalid: metadata.name: Invalid value: "a.b": must not contain dots',
    );
    refusals(
      'no name at all',
      CONFIG_MAP,
      () => object(CONFIG_MAP, {}),
      '422 Invalid: ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
    );
    refusals(
      'a finalizer of a built-in kind must be qualified',
      CONFIG_MAP,
      () => meta('val-9', { finalizers: ['unqualified'] }),
      '422 Invalid: ConfigMap "val-9" is invalid: metadata.finalizers[0]: Invalid value: "unqualified": name is neither a standard finalizer name nor is it fully qualified',
    );
    point(
      'a finalizer of a custom resource need only be a qualified name',
      async () => {
        const made = await w.make(ROLLOUT, {
          ...rollout('val-fin'),
          metadata: { name: 'val-fin', finalizers: ['resources-finalizer.argocd.argoproj.io', 'plain'] },
        });
        await w.merge(ROLLOUT, 'val-fin', { metadata: { finalizers: null } });
        return made.metadata.finalizers;
      },
      ['resources-finalizer.argocd.argoproj.io', 'plain'],
    );
    refusals(
      'a finalizer that is no name',
      ROLLOUT,
      () => ({
        ...rollout('val-fin2'),
        metadata: { name: 'val-fin2', finalizers: ['no good'] },
      }),
      "422 Invalid: Rollout.argoproj.io \"val-fin2\" is invalid: metadata.finalizers: Invalid value: \"no good\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    );
    refusals(
      'an owner without uid and name',
      CONFIG_MAP,
      () => meta('val-10', { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: '', uid: '' }] }),
      '422 Invalid: ConfigMap "val-10" is invalid: [metadata.ownerReferences.name: Invalid value: "": must not be empty, metadata.ownerReferences.uid: Invalid value: "": must not be empty]',
    );
    refusals(
      'two owners that control',
      CONFIG_MAP,
      () =>
        meta('val-11', {
          ownerReferences: ['a', 'b'].map((name) => ({
            apiVersion: 'v1',
            kind: 'ConfigMap',
            name,
            uid: name,
            controller: true,
          })),
        }),
      '422 Invalid: ConfigMap "val-11" is invalid: metadata.ownerReferences: Invalid value: [{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"a","controller":true},{"apiVersion":"v1","kind":"ConfigMap","name":"b","uid":"b","controller":true}]: Only one reference can have Controller set to true. Found "true" in references for ConfigMap/a and ConfigMap/b',
    );
    refusals(
      'a missing selector of a ReplicaSet',
      REPLICA_SET,
      () => object(REPLICA_SET, { name: 'val-12' }, { spec: { template: podTemplate() } }),
      '422 Invalid: ReplicaSet.apps "val-12" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: {"app":"demo"}: `selector` does not match template `labels`]',
    );
    refusals(
      'negative replicas',
      REPLICA_SET,
      () =>
        object(
          REPLICA_SET,
          { name: 'val-13' },
          { spec: { replicas: -1, selector: { matchLabels: { app: 'demo' } }, template: podTemplate() } },
        ),
      '422 Invalid: ReplicaSet.apps "val-13" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    );
    point(
      'the selector of a ReplicaSet is immutable',
      async () => {
        const spec = { replicas: 0, selector: { matchLabels: { app: 'demo' } }, template: podTemplate() };
        await w.make(REPLICA_SET, object(REPLICA_SET, { name: 'val-14' }, { spec }));
        return await w.told(
          w.merge(REPLICA_SET, 'val-14', {
            spec: {
              selector: { matchLabels: { app: 'x' } },
              template: { metadata: { labels: { app: 'x' } } },
            },
          }),
        );
      },
      '422 Invalid: ReplicaSet.apps "val-14" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable',
    );
    refusals(
      'a container without image and name',
      REPLICA_SET,
      () =>
        object(
          REPLICA_SET,
          { name: 'val-15' },
          {
            spec: {
              selector: { matchLabels: { app: 'demo' } },
              template: { metadata: { labels: { app: 'demo' } }, spec: { containers: [{ image: '' }] } },
            },
          },
        ),
      '422 Invalid: ReplicaSet.apps "val-15" is invalid: [spec.template.spec.containers[0].name: Required value, spec.template.spec.containers[0].image: Required value]',
    );
    refusals(
      'a pod without containers',
      POD,
      () => object(POD, { name: 'val-16' }, { spec: { containers: [] } }),
      '422 Invalid: Pod "val-16" is invalid: spec.containers: Required value',
    );
    refusals(
      'a port out of range',
      SERVICE,
      () => object(SERVICE, { name: 'val-17' }, { spec: { ports: [{ port: 70000 }] } }),
      '422 Invalid: Service "val-17" is invalid: [spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive, spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive]',
    );
    refusals(
      'two ports without names',
      SERVICE,
      () => object(SERVICE, { name: 'val-18' }, { spec: { ports: [{ port: 80 }, { port: 81 }] } }),
      '422 Invalid: Service "val-18" is invalid: [spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
    );
    refusals(
      'a Service without ports',
      SERVICE,
      () => object(SERVICE, { name: 'val-18b' }, { spec: {} }),
      '422 Invalid: Service "val-18b" is invalid: spec.ports: Required value',
    );
    refusals(
      'a Service type that does not exist',
      SERVICE,
      () => object(SERVICE, { name: 'val-18c' }, { spec: { type: 'Magic', ports: [{ port: 80 }] } }),
      '422 Invalid: Service "val-18c" is invalid: spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    );
    refusals(
      'a Service selector that is no label',
      SERVICE,
      () => object(SERVICE, { name: 'val-18d' }, { spec: { selector: { a: 'b c' }, ports: [{ port: 80 }] } }),
      "422 Invalid: Service \"val-18d\" is invalid: spec.selector: Invalid value: \"b c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    );
    point(
      'the clusterIP of a Service is immutable',
      async () => {
        await w.make(SERVICE, object(SERVICE, { name: 'val-19' }, { spec: { ports: [{ port: 80 }] } }));
        const text = await w.told(w.merge(SERVICE, 'val-19', { spec: { clusterIP: '10.96.200.200' } }));
        return text.replace(/"clusterIPs?":.*?[\]"],?/g, '');
      },
      '422 Invalid: Service "val-19" is invalid: spec.clusterIPs[0]: Invalid value: ["10.96.200.200"]: may not change once set',
    );
    refusals(
      'an Ingress without rules and default backend',
      INGRESS,
      () => object(INGRESS, { name: 'val-20' }, { spec: {} }),
      '422 Invalid: Ingress.networking.k8s.io "val-20" is invalid: spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
    );
    refusals(
      'an Ingress path that does not begin with a slash',
      INGRESS,
      () =>
        object(
          INGRESS,
          { name: 'val-21' },
          {
            spec: {
              rules: [
                {
                  host: 'a.example.com',
                  http: {
                    paths: [
                      {
                        path: 'x',
                        pathType: 'Prefix',
                        backend: { service: { name: 's', port: { number: 80 } } },
                      },
                    ],
                  },
                },
              ],
            },
          },
        ),
      '422 Invalid: Ingress.networking.k8s.io "val-21" is invalid: spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path',
    );
    refusals(
      'an Ingress host that is an address',
      INGRESS,
      () =>
        object(
          INGRESS,
          { name: 'val-22' },
          {
            spec: {
              rules: [{ host: '10.0.0.1' }],
              defaultBackend: { service: { name: 's', port: { number: 80 } } },
            },
          },
        ),
      '422 Invalid: Ingress.networking.k8s.io "val-22" is invalid: spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
    );
    refusals(
      'a key of a ConfigMap',
      CONFIG_MAP,
      () => configMap('val-23', { 'a b': 'x' }),
      "422 Invalid: ConfigMap \"val-23\" is invalid: data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
    );
    refusals(
      'a value of a Secret that is not base64',
      SECRET,
      () => object(SECRET, { name: 'val-24' }, { data: { a: '***' } }),
      '400 BadRequest: Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0',
    );
    point(
      'stringData of a Secret is written as data',
      async () =>
        (await w.make(SECRET, object(SECRET, { name: 'val-25' }, { stringData: { a: 'hello' } })))['data'],
      { a: 'aGVsbG8=' },
    );
    point(
      'an immutable ConfigMap',
      async () => {
        await w.make(CONFIG_MAP, { ...configMap('val-26'), immutable: true });
        return [
          await w.told(w.merge(CONFIG_MAP, 'val-26', { data: { a: '2' } })),
          await w.told(w.merge(CONFIG_MAP, 'val-26', { immutable: false })),
        ];
      },
      [
        '422 Invalid: ConfigMap "val-26" is invalid: data: Forbidden: field is immutable when `immutable` is set',
        '422 Invalid: ConfigMap "val-26" is invalid: immutable: Forbidden: field is immutable when `immutable` is set',
      ],
    );
    refusals(
      'a Job that restarts always',
      JOB,
      () =>
        object(
          JOB,
          { name: 'val-27' },
          { spec: { template: { spec: { containers: [{ name: 'a', image: 'example.com/a' }] } } } },
        ),
      '422 Invalid: Job.batch "val-27" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    );
    refusals(
      'a Lease with a time that is none',
      LEASE,
      () => object(LEASE, { name: 'val-28' }, { spec: { renewTime: 'yesterday' } }),
      '400 BadRequest: Lease in version "v1" cannot be handled as a Lease: parsing time "yesterday" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "yesterday" as "2006"',
    );
    refusals(
      'a Lease that lasts for no time',
      LEASE,
      () => object(LEASE, { name: 'val-29' }, { spec: { leaseDurationSeconds: 0 } }),
      '422 Invalid: Lease.coordination.k8s.io "val-29" is invalid: spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    );
    refusals(
      'a wrong type in a built-in kind',
      SERVICE,
      () => object(SERVICE, { name: 'val-30' }, { spec: { ports: [{ port: 'eighty' }] } }),
      '400 BadRequest: Service in version "v1" cannot be handled as a Service: json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32',
    );
    refusals(
      'a list where a map stands',
      CONFIG_MAP,
      () => ({ ...configMap('val-31'), data: ['x'] }) as never,
      '400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string',
    );
    point(
      'the causes of a custom resource name their fields',
      async () => await w.causes(w.make(ROLLOUT, rollout('val-32', { replicas: 'three' }))),
      [
        'FieldValueTypeInvalid spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string"',
        'FieldValueInvalid .spec.replicas: Invalid value: 0: .spec.replicas accessor error: three is of the type string, expected int64',
        'FieldValueInvalid <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      ],
    );
    refusals(
      'a list where an object stands in a custom resource',
      ROLLOUT,
      () => rollout('val-33', { strategy: [] }),
      '422 Invalid: Rollout.argoproj.io "val-33" is invalid: [spec.strategy: Invalid value: "array": spec.strategy in body must be of type object: "array", <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
    );
    point(
      'null for an object without a default is pruned',
      async () => {
        const made = await w.make(ROLLOUT, rollout('val-34', { strategy: null, paused: null }));
        return [at(made, 'spec', 'strategy') ?? null, 'paused' in (made['spec'] as JsonObject)];
      },
      [null, false],
    );
    point(
      'null for a field with a default is the default',
      async () =>
        at(await w.make(ROLLOUT, rollout('val-35', { replicas: null })), 'spec', 'replicas') ?? null,
      1,
    );
    refusals(
      'a float for an integer',
      ROLLOUT,
      () => rollout('val-36', { replicas: 1.5 }),
      '422 Invalid: Rollout.argoproj.io "val-36" is invalid: [spec.replicas: Invalid value: "float64": spec.replicas in body must be of type int32: "float64", <nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.replicas, .spec.replicas: Invalid value: 0: .spec.replicas accessor error: 1.5 is of the type float64, expected int64, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]',
    );
    refusals(
      'a string in place of a spec',
      ANALYSIS_TEMPLATE,
      () => object(ANALYSIS_TEMPLATE, { name: 'val-37' }, { spec: 'x' }),
      '422 Invalid: AnalysisTemplate.argoproj.io "val-37" is invalid: spec: Invalid value: "string": spec in body must be of type object: "string"',
    );
    refusals(
      'a missing required field',
      ANALYSIS_TEMPLATE,
      () => object(ANALYSIS_TEMPLATE, { name: 'val-38' }),
      '422 Invalid: AnalysisTemplate.argoproj.io "val-38" is invalid: spec: Required value',
    );
    refusals(
      'another kind under this path',
      ROLLOUT,
      () => ({ ...rollout('val-39'), kind: 'Rollouts' }),
      '422 Invalid: Rollouts.argoproj.io "val-39" is invalid: kind: Invalid value: "Rollouts": must be Rollout',
    );
    refusals(
      'another version under this path',
      ROLLOUT,
      () => ({
        ...rollout('val-40'),
        apiVersion: 'argoproj.io/v1',
      }),
      '400 BadRequest: the API version in the data (argoproj.io/v1) does not match the expected API version (argoproj.io/v1alpha1)',
    );
    refusals(
      'another kind under the path of a built-in one',
      CONFIG_MAP,
      () => ({
        ...configMap('val-41'),
        kind: 'Service',
      }),
      '400 BadRequest: Service in version "v1" cannot be handled as a ConfigMap: converting (v1.Service) to (core.ConfigMap): unknown conversion',
    );
    refusals(
      'a resourceVersion on what is created',
      CONFIG_MAP,
      () => meta('val-43', { resourceVersion: '5' }),
      '500 InternalError: resourceVersion should not be set on objects to be created',
    );
    point(
      'a generated name is at most 63 characters long',
      async () =>
        (await w.make(CONFIG_MAP, object(CONFIG_MAP, { generateName: 'g'.repeat(80) }))).metadata.name.length,
      63,
    );
    point(
      'a name goes before generateName',
      async () => {
        const body = object(CONFIG_MAP, { name: 'val-44', generateName: 'val-44-' });
        const made = await w.make(CONFIG_MAP, body);
        return [made.metadata.name, made.metadata.generateName, await w.told(w.make(CONFIG_MAP, body))];
      },
      [
        'val-44',
        'val-44-',
        '409 AlreadyExists: configmaps "val-44" already exists, the server was not able to generate a unique name for the object',
      ],
    );
    point(
      'a generateName that is no name',
      async () => {
        const text = await w.told(w.make(CONFIG_MAP, object(CONFIG_MAP, { generateName: 'Bad_' })));
        return text.replaceAll(/Bad_\w{5}/g, 'Bad_SUFFIX');
      },
      "422 Invalid: ConfigMap \"Bad_SUFFIX\" is invalid: [metadata.generateName: Invalid value: \"Bad_\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'), metadata.name: Invalid value: \"Bad_SUFFIX\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')]",
    );
  });
}
