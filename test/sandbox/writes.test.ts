import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject, Patch } from '../../src/kube/api.ts';
import { CONFIG_MAP, INGRESS, LEASE, POD, REPLICA_SET, SERVICE } from '../../src/kube/kinds.ts';
import {
  at,
  bench,
  configMap,
  dig,
  failure,
  NS,
  podTemplate,
  replicaSet,
  WIDGET,
  widget,
} from './support.ts';

const rejects = async (cases: [string, Promise<unknown>, string | RegExp][]): Promise<void> => {
  for (const [name, call, wanted] of cases) {
    const text = await failure(call);
    if (typeof wanted === 'string') assert.equal(text, wanted, name);
    else assert.match(text, wanted, name);
  }
};

describe('create', () => {
  it('fills in what every object has', async () => {
    const { api } = bench();
    const made = await api.create(CONFIG_MAP, configMap('a', { x: 'y' }));
    assert.match(
      made.metadata.uid ?? '',
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    assert.equal(made.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
    assert.deepEqual(made.metadata.managedFields, [
      {
        manager: 'tester',
        operation: 'Update',
        apiVersion: 'v1',
        time: '2026-01-01T00:00:00Z',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { '.': {}, 'f:x': {} } },
      },
    ]);
    assert.ok(Object.isFrozen(made) && Object.isFrozen(made.metadata));
  });

  it('generates names that do not repeat', async () => {
    const { api } = bench();
    const names = new Set<string>();
    for (let i = 0; i < 50; i++) {
      const made = await api.create(CONFIG_MAP, configMap('', {}, { name: undefined, generateName: 'a-' }));
      assert.match(made.metadata.name, /^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      names.add(made.metadata.name);
    }
    assert.equal(names.size, 50);
  });

  it('stores a ReplicaSet as the real server does', async () => {
    const { api } = bench();
    const made = await api.create(
      REPLICA_SET,
      replicaSet('web', 2, {
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'app',
                image: 'x:1',
                ports: [{ containerPort: 80 }],
                readinessProbe: { httpGet: { port: 80 } },
                resources: { requests: { cpu: 0.5 } },
              },
            ],
          },
        },
      }),
    );
    assert.deepEqual(dig(made, 'spec', 'template', 'spec'), {
      containers: [
        {
          name: 'app',
          image: 'x:1',
          ports: [{ containerPort: 80, protocol: 'TCP' }],
          readinessProbe: {
            httpGet: { path: '/', port: 80, scheme: 'HTTP' },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          resources: { requests: { cpu: '500m' } },
          imagePullPolicy: 'IfNotPresent',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
        },
      ],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
    });
    assert.deepEqual(made['status'], { replicas: 0 });
    assert.equal(made.metadata.generation, 1);
    // Go's empty structs are no one's; what stands below them is.
    const fields = dig(made.metadata.managedFields?.[0], 'fieldsV1', 'f:spec', 'f:template');
    assert.deepEqual(dig(fields, 'f:metadata'), { 'f:labels': { '.': {}, 'f:app': {} } });
  });

  it('gives Services an address and defaults', async () => {
    const { api } = bench();
    const service = (name: string, spec: object): KubeObject =>
      ({ apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: NS }, spec }) as never;
    const made = await api.create(SERVICE, service('a', { selector: { a: 'b' }, ports: [{ port: 80 }] }));
    assert.deepEqual(made['spec'], {
      selector: { a: 'b' },
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      sessionAffinity: 'None',
      type: 'ClusterIP',
      internalTrafficPolicy: 'Cluster',
      clusterIP: dig(made, 'spec', 'clusterIP'),
      clusterIPs: [dig(made, 'spec', 'clusterIP')],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
    const other = await api.create(SERVICE, service('b', { ports: [{ port: 80 }] }));
    assert.notEqual(dig(other, 'spec', 'clusterIP'), dig(made, 'spec', 'clusterIP'));
    const headless = await api.create(SERVICE, service('c', { clusterIP: 'None', selector: { a: 'b' } }));
    assert.deepEqual(dig(headless, 'spec', 'clusterIPs'), ['None']);
    // A PUT that leaves the address out keeps it.
    const put = await api.replace(SERVICE, service('a', { selector: { a: 'c' }, ports: [{ port: 80 }] }));
    assert.equal(dig(put, 'spec', 'clusterIP'), dig(made, 'spec', 'clusterIP'));
  });

  it('refuses in the words of the real server', async () => {
    const { api } = bench();
    await api.create(CONFIG_MAP, configMap('there'));
    const bare = (kind: string, apiVersion: string, spec: object): KubeObject =>
      ({ apiVersion, kind, metadata: { name: 'b', namespace: NS }, spec }) as never;
    await rejects([
      ['exists', api.create(CONFIG_MAP, configMap('there')), '409 configmaps "there" already exists'],
      [
        'version',
        api.create(CONFIG_MAP, configMap('x', {}, { resourceVersion: '5' })),
        '500 resourceVersion should not be set on objects to be created',
      ],
      [
        'namespace',
        api.create(CONFIG_MAP, configMap('x', {}, { namespace: 'nope' })),
        '404 namespaces "nope" not found',
      ],
      [
        'name',
        api.create(CONFIG_MAP, configMap('A_')),
        /^422 ConfigMap "A_" is invalid: metadata\.name: Invalid value: "A_": a lowercase RFC 1123 subdomain must consist/,
      ],
      [
        'no name',
        api.create(CONFIG_MAP, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: NS } } as never),
        '422 ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required',
      ],
      [
        'other kind',
        api.create(CONFIG_MAP, { ...configMap('x'), kind: 'Secret' }),
        '400 Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
      ],
      [
        'type in a map',
        api.create(CONFIG_MAP, { ...configMap('x'), data: { a: 5 } } as never),
        '400 ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
      ],
      [
        'type deep down',
        api.create(
          REPLICA_SET,
          bare('ReplicaSet', 'apps/v1', {
            template: { spec: { containers: [{ ports: [{ containerPort: 'x' }] }] } },
          }),
        ),
        '400 ReplicaSet in version "v1" cannot be handled as a ReplicaSet: json: cannot unmarshal string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32',
      ],
      [
        'several errors',
        api.create(REPLICA_SET, {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          metadata: { name: 'a', namespace: NS },
        } as never),
        '422 ReplicaSet.apps "a" is invalid: [spec.selector: Required value, spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`, spec.template.spec.containers: Required value]',
      ],
      [
        'ports without names',
        api.create(SERVICE, bare('Service', 'v1', { ports: [{ port: 80 }, { port: 81 }] })),
        '422 Service "b" is invalid: [spec.ports[0].name: Required value, spec.ports[1].name: Required value]',
      ],
      [
        'path type',
        api.create(
          INGRESS,
          bare('Ingress', 'networking.k8s.io/v1', {
            rules: [{ host: 'x', http: { paths: [{ path: '/', backend: { service: { name: 'a' } } }] } }],
          }),
        ),
        '422 Ingress.networking.k8s.io "b" is invalid: spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified',
      ],
      [
        'micro time',
        api.create(
          LEASE,
          bare('Lease', 'coordination.k8s.io/v1', { holderIdentity: 'a', renewTime: '2026-01-01T00:00:00Z' }),
        ),
        /^400 Lease in version "v1" cannot be handled as a Lease: parsing time "2026-01-01T00:00:00Z" as "2006-01-02T15:04:05\.000000Z07:00"/,
      ],
    ]);
  });

  it('reports unknown fields as the request wishes', async () => {
    const { api } = bench();
    const odd = (name: string): KubeObject => ({ ...replicaSet(name, 1, { foo: 1 }), extra: true }) as never;
    const warnings: string[] = [];
    const made = await api.create(REPLICA_SET, odd('a'), { onWarning: (text) => warnings.push(text) });
    assert.deepEqual(warnings, ['unknown field "spec.foo"', 'unknown field "extra"']);
    assert.equal(dig(made, 'spec', 'foo'), undefined);
    await api.create(REPLICA_SET, odd('b'), { fieldValidation: 'Ignore', onWarning: () => assert.fail() });
    assert.equal(
      await failure(api.create(REPLICA_SET, odd('c'), { fieldValidation: 'Strict' })),
      '400 ReplicaSet in version "v1" cannot be handled as a ReplicaSet: strict decoding error: unknown field "spec.foo", unknown field "extra"',
    );
  });

  it('stores nothing in a dry run', async () => {
    const { api, cluster } = bench();
    const before = cluster.server.storage.revision;
    const made = await api.create(CONFIG_MAP, configMap('a'), { dryRun: true });
    assert.ok(made.metadata.uid);
    assert.equal(cluster.server.storage.revision, before);
    assert.equal(await failure(api.get(CONFIG_MAP, at('a'))), '404 configmaps "a" not found');
  });
});

describe('update', () => {
  it('holds to optimistic concurrency', async () => {
    const { api } = bench();
    const first = await api.create(CONFIG_MAP, configMap('a', { x: '1' }));
    await api.replace(CONFIG_MAP, { ...first, data: { x: '2' } });
    const modified =
      '409 Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again';
    await rejects([
      ['stale put', api.replace(CONFIG_MAP, { ...first, data: { x: '3' } }), modified],
      [
        'stale patch',
        api.patch(CONFIG_MAP, at('a'), {
          type: 'merge',
          body: { metadata: { resourceVersion: first.metadata.resourceVersion as string }, data: { x: '3' } },
        }),
        modified,
      ],
      [
        'other uid',
        api.patch(CONFIG_MAP, at('a'), { type: 'merge', body: { metadata: { uid: 'x' } } }),
        '422 ConfigMap "a" is invalid: metadata.uid: Invalid value: "x": field is immutable',
      ],
      [
        'other name',
        api.patch(CONFIG_MAP, at('a'), { type: 'merge', body: { metadata: { name: 'x' } } }),
        '400 the name of the object (x) does not match the name on the URL (a)',
      ],
      [
        'custom put without version',
        api.create(WIDGET, widget('w')).then(() => api.replace(WIDGET, widget('w', { size: 'b' }))),
        '422 widgets.example.com "w" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
      ],
    ]);
    assert.deepEqual((await api.get(CONFIG_MAP, at('a')))['data'], { x: '2' });
  });

  it('stores nothing when nothing changes', async () => {
    const { api, cluster, clock } = bench();
    const made = await api.create(REPLICA_SET, replicaSet('a', 2));
    await clock.advance(5000);
    const revision = cluster.server.storage.revision;
    const patches: Patch[] = [
      { type: 'merge', body: { spec: { replicas: 2 } } },
      { type: 'merge', body: { metadata: { annotations: null } } },
      { type: 'json', body: [{ op: 'replace', path: '/spec/replicas', value: 2 }] },
      {
        type: 'strategic',
        body: {
          spec: { template: { spec: { containers: [{ name: 'app', image: 'example.com/app:v1' }] } } },
        },
      },
    ];
    for (const patch of patches) {
      const same = await api.patch(REPLICA_SET, at('a'), patch, { fieldManager: 'other' });
      assert.equal(same.metadata.resourceVersion, made.metadata.resourceVersion);
    }
    await api.replace(REPLICA_SET, made);
    assert.equal(cluster.server.storage.revision, revision);
  });

  it('counts generations of the spec only', async () => {
    const { api } = bench();
    await api.create(REPLICA_SET, replicaSet('a', 1));
    const generation = async (body: object, subresource?: 'status'): Promise<unknown> =>
      (await api.patch(REPLICA_SET, at('a'), { type: 'merge', body } as Patch, { subresource })).metadata
        .generation;
    assert.equal(await generation({ metadata: { labels: { x: 'y' } } }), 1);
    assert.equal(await generation({ status: { replicas: 5 } }), 1);
    assert.equal(await generation({ spec: { replicas: 3 } }), 2);
    assert.equal(await generation({ status: { replicas: 1 }, spec: { replicas: 9 } }, 'status'), 2);
    const end = await api.get(REPLICA_SET, at('a'));
    assert.equal(dig(end, 'spec', 'replicas'), 3);
    assert.equal(dig(end, 'status', 'replicas'), 1);
  });

  it('keeps main and status of a custom resource apart', async () => {
    const { api } = bench();
    const made = await api.create(WIDGET, widget('w', { size: 'a' }, { status: { x: 1 } }));
    assert.equal(made['status'], undefined);
    const status = await api.patch(
      WIDGET,
      at('w'),
      { type: 'merge', body: { status: { x: 2 }, spec: { size: 'b' }, metadata: { labels: { a: 'b' } } } },
      { subresource: 'status' },
    );
    assert.deepEqual(
      [status['status'], dig(status, 'spec', 'size'), status.metadata.labels],
      [{ x: 2 }, 'a', undefined],
    );
    assert.equal(status.metadata.generation, 1);
    const main = await api.patch(WIDGET, at('w'), {
      type: 'merge',
      body: { status: { x: 3 }, spec: { size: 'b' } },
    });
    assert.deepEqual([main['status'], main.metadata.generation], [{ x: 2 }, 2]);
  });

  it('patches in four ways, and says which it does not know', async () => {
    const { api } = bench();
    await api.create(REPLICA_SET, replicaSet('a', 1));
    await api.create(WIDGET, widget('w', { size: 'a', tags: ['x'] }));
    const strategic = await api.patch(REPLICA_SET, at('a'), {
      type: 'strategic',
      body: { spec: { template: { spec: { containers: [{ name: 'side', image: 's:1' }] } } } },
    });
    const names = (dig(strategic, 'spec', 'template', 'spec', 'containers') as { name: string }[]).map(
      (c) => c.name,
    );
    assert.deepEqual(names.sort(), ['app', 'side']);
    const json = await api.patch(WIDGET, at('w'), {
      type: 'json',
      body: [
        { op: 'test', path: '/spec/size', value: 'a' },
        { op: 'add', path: '/spec/tags/-', value: 'y' },
      ],
    });
    assert.deepEqual(dig(json, 'spec', 'tags'), ['x', 'y']);
    await rejects([
      [
        'test fails',
        api.patch(WIDGET, at('w'), { type: 'json', body: [{ op: 'test', path: '/spec/size', value: 'z' }] }),
        '422 the server rejected our request due to an error in our request',
      ],
      [
        'path missing',
        api.patch(WIDGET, at('w'), { type: 'json', body: [{ op: 'remove', path: '/spec/nope' }] }),
        '422 the server rejected our request due to an error in our request',
      ],
      [
        'strategic on custom',
        api.patch(WIDGET, at('w'), { type: 'strategic', body: {} }),
        /^415 .*application\/json-patch\+json, application\/merge-patch\+json, application\/apply-patch\+yaml$/,
      ],
      [
        'missing object',
        api.patch(WIDGET, at('nope'), { type: 'merge', body: {} }),
        '404 widgets.example.com "nope" not found',
      ],
    ]);
  });

  it('scales through the subresource', async () => {
    const { api } = bench();
    await api.create(WIDGET, widget('w', { size: 'a', replicas: 1 }));
    const scale = await api.patch(
      WIDGET,
      at('w'),
      { type: 'merge', body: { spec: { replicas: 3 } } },
      { subresource: 'scale', fieldManager: 'hpa' },
    );
    assert.deepEqual(
      [scale.kind, scale['spec'], scale['status']],
      ['Scale', { replicas: 3 }, { replicas: 0 }],
    );
    const after = await api.get(WIDGET, at('w'));
    assert.deepEqual(
      after.metadata.managedFields?.find((entry) => entry.manager === 'hpa'),
      {
        manager: 'hpa',
        operation: 'Update',
        apiVersion: 'example.com/v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:spec': { 'f:replicas': {} } },
        subresource: 'scale',
      },
    );
    assert.equal(
      await failure(
        api.patch(
          WIDGET,
          at('w'),
          { type: 'merge', body: { spec: { replicas: -1 } } },
          { subresource: 'scale' },
        ),
      ),
      '422 Widget.example.com "w" is invalid: [spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0, .spec.replicas: Invalid value: -1: should be a non-negative integer]',
    );
    await api.create(REPLICA_SET, replicaSet('a', 1));
    const read = await api.get(REPLICA_SET, at('a'), { subresource: 'scale' });
    assert.equal(dig(read, 'status', 'selector'), 'app=a');
    assert.equal(
      await failure(api.get(CONFIG_MAP, at('a'), { subresource: 'scale' })),
      '404 configmaps "a" not found',
    );
  });

  it('keeps what is immutable', async () => {
    const { api } = bench();
    await api.create(REPLICA_SET, replicaSet('a', 1));
    await api.create(POD, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: NS },
      spec: podTemplate('p')['spec'],
    } as never);
    await rejects([
      [
        'selector',
        api.patch(REPLICA_SET, at('a'), {
          type: 'merge',
          body: { spec: { selector: { matchLabels: { app: 'z' } } } },
        }),
        /spec\.selector: Invalid value: \{"matchLabels":\{"app":"z"\}\}: field is immutable/,
      ],
      [
        'pod',
        api.patch(POD, at('p'), { type: 'merge', body: { spec: { restartPolicy: 'Never' } } }),
        /^422 Pod "p" is invalid: spec: Forbidden: pod updates may not change fields/,
      ],
    ]);
    const image = await api.patch(POD, at('p'), {
      type: 'strategic',
      body: { spec: { containers: [{ name: 'app', image: 'y:2' }] } },
    });
    assert.equal(image.metadata.generation, 2);
  });
});

describe('custom resources', () => {
  it('are validated, pruned and defaulted by their schema', async () => {
    const { api } = bench();
    const warnings: string[] = [];
    const made = await api.create(
      WIDGET,
      widget('a', {
        size: 'a',
        unknown: 1,
        replicas: null,
        maybe: null,
        name: null,
        free: { any: [1, null] },
        parts: [{ key: 'x', odd: 1 }],
      }),
      { onWarning: (text) => warnings.push(text) },
    );
    assert.deepEqual(made['spec'], {
      size: 'a',
      replicas: 1,
      maybe: null,
      free: { any: [1, null] },
      parts: [{ key: 'x' }],
    });
    assert.deepEqual(warnings, ['unknown field "spec.parts[0].odd"', 'unknown field "spec.unknown"']);
  });

  it('are refused with the texts of the real server', async () => {
    const { api } = bench();
    const error = (spec: object): Promise<string> => failure(api.create(WIDGET, widget('a', spec as never)));
    const invalid = 'Widget.example.com "a" is invalid:';
    const table: [object, string][] = [
      [{ size: 'z' }, 'spec.size: Unsupported value: "z": supported values: "a", "b"'],
      [
        { size: 'a', name: '' },
        'spec.name: Invalid value: "": spec.name in body should be at least 2 chars long',
      ],
      [{ size: 'a', name: 'abcdef' }, 'spec.name: Too long: may not be more than 5 bytes'],
      [
        { size: 'a', name: 'ABC' },
        'spec.name: Invalid value: "ABC": spec.name in body should match \'^[a-z]+$\'',
      ],
      [
        { size: 'a', replicas: 11 },
        'spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10',
      ],
      [{ size: 'a', tags: ['a', 'b', 'c'] }, 'spec.tags: Too many: 3: must have at most 2 items'],
      [{ size: 'a', parts: [{ key: 'x' }, { key: 'x' }] }, 'spec.parts[1]: Duplicate value: {"key":"x"}'],
    ];
    for (const [spec, text] of table) assert.equal(await error(spec), `422 ${invalid} ${text}`);
    const types: [object, string][] = [
      [{}, 'spec.size: Required value'],
      [
        { size: 'a', replicas: 'x' },
        'spec.replicas: Invalid value: "string": spec.replicas in body must be of type integer: "string", .spec.replicas: Invalid value: 0: .spec.replicas accessor error: x is of the type string, expected int64',
      ],
      [
        { size: 'a', tags: [1] },
        'spec.tags[0]: Invalid value: "integer": spec.tags[0] in body must be of type string: "integer"',
      ],
      [
        { size: 'a', when: 'zz' },
        'spec.when: Invalid value: "zz": spec.when in body must be of type date-time: "zz"',
      ],
    ];
    const unchecked =
      '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
    for (const [spec, text] of types)
      assert.equal(await error(spec), `422 ${invalid} [${text}, ${unchecked}]`);
  });

  it('keep the immutability rule, and refuse other rules when they are defined', async () => {
    const { api, cluster } = bench();
    await api.create(WIDGET, widget('a', { size: 'a', selector: { x: 1 } }));
    assert.equal(
      await failure(api.patch(WIDGET, at('a'), { type: 'merge', body: { spec: { selector: { x: 2 } } } })),
      '422 Widget.example.com "a" is invalid: spec.selector: Invalid value: immutable!',
    );
    await api.patch(WIDGET, at('a'), { type: 'merge', body: { spec: { selector: null } } });
    const crds = cluster.server.resource({
      group: 'apiextensions.k8s.io',
      version: 'v1',
      plural: 'customresourcedefinitions',
    }).type;
    const schema = {
      type: 'object',
      properties: { spec: { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.a > 1' }] } },
    };
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'gears.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'gears', kind: 'Gear' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    };
    assert.match(
      await failure(api.create(crds, definition as never)),
      /x-kubernetes-validations\[0\]\.rule: Forbidden: the sandbox evaluates no CEL/,
    );
  });

  it('come and go with their definition', async () => {
    const { api, cluster } = bench();
    await api.create(WIDGET, widget('a'));
    const crds = cluster.server.resource({
      group: 'apiextensions.k8s.io',
      version: 'v1',
      plural: 'customresourcedefinitions',
    }).type;
    await api.delete(crds, { name: 'widgets.example.com' });
    assert.equal(await failure(api.list(WIDGET)), '404 the server could not find the requested resource');
  });
});
