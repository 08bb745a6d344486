/** Who owns which field: managedFields, and the atomic and granular fields over which appliers meet. */

import { describe } from 'node:test';
import { CONFIG_MAP, INGRESS, REPLICA_SET, ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import {
  at,
  configMap,
  managers,
  NOBODY,
  object,
  owned,
  podTemplate,
  point,
  rollout,
  rolloutSpec,
  type World,
} from './world.ts';

const backend = (name: string): JsonObject => ({ service: { name, port: { number: 80 } } });
const rule = (host: string, name = 's'): JsonObject => ({
  host,
  http: { paths: [{ path: '/', pathType: 'Prefix', backend: backend(name) }] },
});
const ownerRef = (name: string, uid: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  uid,
});

export function ownership(w: World): void {
  describe('ownership', () => {
    point(
      'labels are granular: two appliers share the map',
      async () => {
        await w.apply(CONFIG_MAP, 'own-labels', 'm1', { metadata: { labels: { a: '1' } } });
        await w.apply(CONFIG_MAP, 'own-labels', 'm2', { metadata: { labels: { b: '2' } } });
        const again = await w.apply(CONFIG_MAP, 'own-labels', 'm1', {});
        return [again.metadata.labels, owned(again)];
      },
      [{ b: '2' }, { 'm2/Apply': ['.metadata.labels.b'] }],
    );
    point(
      'annotations are granular: what another verb wrote stays',
      async () => {
        await w.apply(CONFIG_MAP, 'own-annotations', 'git', { metadata: { annotations: { a: '1' } } });
        await w.merge(
          CONFIG_MAP,
          'own-annotations',
          { metadata: { annotations: { b: '2' } } },
          { fieldManager: 'ctl' },
        );
        const again = await w.apply(
          CONFIG_MAP,
          'own-annotations',
          'git',
          { metadata: { annotations: { a: '3' } } },
          true,
        );
        return [again.metadata.annotations, owned(again)];
      },
      [
        { a: '3', b: '2' },
        { 'git/Apply': ['.metadata.annotations.a'], 'ctl/Update': ['.metadata.annotations.b'] },
      ],
    );
    point(
      'Service.ports is granular, by port and protocol',
      async () => {
        const spec = (ports: JsonObject[]): JsonObject => ({ spec: { ports } });
        await w.apply(SERVICE, 'own-ports', 'm1', spec([{ name: 'http', port: 80, protocol: 'TCP' }]));
        const two = await w.apply(
          SERVICE,
          'own-ports',
          'm2',
          spec([{ name: 'metrics', port: 9090, protocol: 'TCP' }]),
        );
        const one = await w.apply(
          SERVICE,
          'own-ports',
          'm1',
          spec([{ name: 'web', port: 80, protocol: 'TCP' }]),
        );
        const conflict = await w.told(
          w.apply(SERVICE, 'own-ports', 'm2', spec([{ name: 'web2', port: 80, protocol: 'TCP' }])),
        );
        return [at(two, 'spec', 'ports'), at(one, 'spec', 'ports'), owned(two), conflict];
      },
      [
        [
          { name: 'http', protocol: 'TCP', port: 80, targetPort: 80 },
          { name: 'metrics', protocol: 'TCP', port: 9090, targetPort: 9090 },
        ],
        [
          { name: 'web', protocol: 'TCP', port: 80, targetPort: 80 },
          { name: 'metrics', protocol: 'TCP', port: 9090, targetPort: 9090 },
        ],
        {
          'm1/Apply': [
            '.spec.ports[{"port":80,"protocol":"TCP"}].',
            '.spec.ports[{"port":80,"protocol":"TCP"}].name',
            '.spec.ports[{"port":80,"protocol":"TCP"}].port',
            '.spec.ports[{"port":80,"protocol":"TCP"}].protocol',
          ],
          'm2/Apply': [
            '.spec.ports[{"port":9090,"protocol":"TCP"}].',
            '.spec.ports[{"port":9090,"protocol":"TCP"}].name',
            '.spec.ports[{"port":9090,"protocol":"TCP"}].port',
            '.spec.ports[{"port":9090,"protocol":"TCP"}].protocol',
          ],
        },
        '409 Conflict: Apply failed with 1 conflict: conflict with "m1": .spec.ports[port=80,protocol="TCP"].name',
      ],
    );
    point(
      'Service.ports takes the default protocol as a key',
      async () => {
        const made = await w.apply(SERVICE, 'own-ports2', 'm1', { spec: { ports: [{ port: 80 }] } });
        return owned(made);
      },
      {
        'm1/Apply': [
          '.spec.ports[{"port":80,"protocol":"TCP"}].',
          '.spec.ports[{"port":80,"protocol":"TCP"}].port',
        ],
      },
    );
    point(
      'Service.ports twice the same key in one configuration',
      async () =>
        await w.told(
          w.apply(SERVICE, 'own-ports3', 'm1', {
            spec: {
              ports: [
                { port: 80, name: 'a' },
                { port: 80, name: 'b' },
              ],
            },
          }),
        ),
      '500 InternalError: failed to create typed patch object (NS/own-ports3; /v1, Kind=Service): .spec.ports: duplicate entries for key [port=80,protocol="TCP"]',
    );
    point(
      'Ingress rules are atomic',
      async () => {
        await w.apply(INGRESS, 'own-rules', 'm1', { spec: { rules: [rule('a.example.com')] } });
        const conflict = await w.told(
          w.apply(INGRESS, 'own-rules', 'm2', { spec: { rules: [rule('b.example.com')] } }),
        );
        const forced = await w.apply(
          INGRESS,
          'own-rules',
          'm2',
          { spec: { rules: [rule('b.example.com')] } },
          true,
        );
        return [
          conflict,
          (at(forced, 'spec', 'rules') as JsonObject[]).map((item) => item['host']),
          owned(forced),
        ];
      },
      [
        '409 Conflict: Apply failed with 1 conflict: conflict with "m1": .spec.rules',
        ['b.example.com'],
        { 'm2/Apply': ['.spec.rules'] },
      ],
    );
    point(
      'Ingress tls is atomic',
      async () => {
        const spec = (host: string): JsonObject => ({
          spec: { defaultBackend: backend('s'), tls: [{ hosts: [host] }] },
        });
        await w.apply(INGRESS, 'own-tls', 'm1', spec('a.example.com'));
        return await w.told(w.apply(INGRESS, 'own-tls', 'm2', spec('b.example.com')));
      },
      '409 Conflict: Apply failed with 1 conflict: conflict with "m1": .spec.tls',
    );
    point(
      'ownerReferences are granular, by uid',
      async () => {
        const [one, two] = await Promise.all(
          ['own-a', 'own-b'].map(async (name) => await w.make(CONFIG_MAP, configMap(name))),
        );
        const [a, b] = [one?.metadata.uid ?? '', two?.metadata.uid ?? ''];
        await w.apply(CONFIG_MAP, 'own-owners', 'm1', {
          metadata: { ownerReferences: [ownerRef('own-a', a)] },
        });
        await w.apply(CONFIG_MAP, 'own-owners', 'm2', {
          metadata: { ownerReferences: [ownerRef('own-b', b)] },
        });
        const left = await w.apply(CONFIG_MAP, 'own-owners', 'm1', {});
        return [left.metadata.ownerReferences?.map(({ name }) => name), w.plain(JSON.stringify(owned(left)))];
      },
      [['own-b'], '{"m2/Apply":[".metadata.ownerReferences[{\\"uid\\":\\"UID\\"}]"]}'],
    );
    point(
      'finalizers are a set: each manager owns its own',
      async () => {
        await w.apply(CONFIG_MAP, 'own-fin', 'm1', { metadata: { finalizers: ['example.com/a'] } });
        const two = await w.apply(CONFIG_MAP, 'own-fin', 'm2', {
          metadata: { finalizers: ['example.com/b'] },
        });
        const left = await w.apply(CONFIG_MAP, 'own-fin', 'm1', {});
        await w.merge(CONFIG_MAP, 'own-fin', { metadata: { finalizers: null } });
        return [two.metadata.finalizers, left.metadata.finalizers, owned(two)];
      },
      [
        ['example.com/a', 'example.com/b'],
        ['example.com/b'],
        {
          'm1/Apply': ['.metadata.finalizers["example.com/a"]'],
          'm2/Apply': ['.metadata.finalizers["example.com/b"]'],
        },
      ],
    );
    point(
      'label selectors are atomic',
      async () => {
        const spec = (labels: JsonObject): JsonObject => ({
          spec: { replicas: 0, selector: { matchLabels: labels }, template: podTemplate() },
        });
        const made = await w.apply(REPLICA_SET, 'own-selector', 'm1', spec({ app: 'demo' }));
        return owned(made);
      },
      {
        'm1/Apply': [
          '.spec.replicas',
          '.spec.selector',
          '.spec.template.metadata.labels.app',
          '.spec.template.spec.containers[{"name":"app"}].',
          '.spec.template.spec.containers[{"name":"app"}].image',
          '.spec.template.spec.containers[{"name":"app"}].name',
        ],
      },
    );
    point(
      'a Service selector: two appliers fight over the whole map',
      async () => {
        const spec = (selector: JsonObject): JsonObject => ({ spec: { selector, ports: [{ port: 80 }] } });
        await w.apply(SERVICE, 'own-svcsel', 'm1', spec({ app: 'a' }));
        return await w.told(w.apply(SERVICE, 'own-svcsel', 'm2', spec({ app: 'a', hash: 'h' })));
      },
      '409 Conflict: Apply failed with 1 conflict: conflict with "m1": .spec.selector',
    );
    point(
      'a selector that the controller owns whole is kept, and so is its owner',
      async () => {
        await w.apply(SERVICE, 'own-omitted', 'git', { spec: { ports: [{ port: 80 }] } });
        await w.merge(
          SERVICE,
          'own-omitted',
          { spec: { selector: { app: 'a', 'rollouts-pod-template-hash': 'h' } } },
          { fieldManager: 'sluice' },
        );
        const again = await w.apply(SERVICE, 'own-omitted', 'git', { spec: { ports: [{ port: 80 }] } }, true);
        return [at(again, 'spec', 'selector'), owned(again)];
      },
      [
        { app: 'a', 'rollouts-pod-template-hash': 'h' },
        {
          'git/Apply': [
            '.spec.ports[{"port":80,"protocol":"TCP"}].',
            '.spec.ports[{"port":80,"protocol":"TCP"}].port',
          ],
          'sluice/Update': ['.spec.selector'],
        },
      ],
    );
    point(
      'an applier that begins to name the selector takes it in force only',
      async () => {
        const conflict = await w.told(
          w.apply(SERVICE, 'own-omitted', 'git', { spec: { selector: { app: 'a' }, ports: [{ port: 80 }] } }),
        );
        return conflict;
      },
      '409 Conflict: Apply failed with 1 conflict: conflict with "sluice" using v1: .spec.selector',
    );
    point(
      'default replicas belong to nobody',
      async () => {
        const made = await w.apply(ROLLOUT, 'own-default', 'git', { spec: rolloutSpec() });
        return [at(made, 'spec', 'replicas'), owned(made)];
      },
      [
        1,
        {
          'git/Apply': [
            '.spec.selector',
            '.spec.strategy.canary.steps',
            '.spec.template.metadata.',
            '.spec.template.metadata.labels.',
            '.spec.template.metadata.labels.app',
            '.spec.template.spec.',
            '.spec.template.spec.containers',
          ],
        },
      ],
    );
    point(
      'an applier that stops naming replicas gives it back to the default',
      async () => {
        await w.apply(ROLLOUT, 'own-stop', 'git', { spec: rolloutSpec({ replicas: 3 }) });
        const left = await w.apply(ROLLOUT, 'own-stop', 'git', { spec: rolloutSpec() });
        return [at(left, 'spec', 'replicas'), left.metadata.generation];
      },
      [1, 2],
    );
    for (const [type, name] of [
      [ROLLOUT, 'own-scaled-ro'],
      [REPLICA_SET, 'own-scaled-rs'],
    ] as const) {
      point(
        `replicas of a ${type.kind} that somebody owns go over to who scales`,
        async () => {
          const spec = {
            replicas: 1,
            selector: { matchLabels: { app: 'demo' } },
            template: podTemplate(),
            ...(type === ROLLOUT ? { strategy: { canary: {} } } : {}),
          };
          await w.apply(type, name, 'git', { spec });
          await w.merge(type, name, { spec: { replicas: 2 } }, { subresource: 'scale', fieldManager: 'hpa' });
          const live = await w.api.get(type, w.ref(name));
          return [
            owned(live)['hpa/Update/scale'],
            owned(live)['git/Apply']?.includes('.spec.replicas'),
            await w.told(w.apply(type, name, 'git', { spec })),
          ];
        },
        [
          ['.spec.replicas'],
          false,
          `409 Conflict: Apply failed with 1 conflict: conflict with "hpa" with subresource "scale" using ${type.group}/${type.version}: .spec.replicas`,
        ],
      );
    }
    point(
      'replicas that are scaled to nothing belong to nobody: a Scale leaves a zero out',
      async () => {
        await w.apply(ROLLOUT, 'own-scaled-zero', 'git', { spec: rolloutSpec({ replicas: 3 }) });
        const zero = { spec: { replicas: 0 } };
        await w.merge(ROLLOUT, 'own-scaled-zero', zero, { subresource: 'scale', fieldManager: 'hpa' });
        const live = await w.api.get(ROLLOUT, w.ref('own-scaled-zero'));
        return [
          at(live, 'spec', 'replicas'),
          Object.keys(owned(live)),
          owned(live)['git/Apply']?.includes('.spec.replicas'),
        ];
      },
      [0, ['git/Apply'], false],
    );
    point(
      'replicas that nobody owned belong to nobody after scaling, and an apply leaves them',
      async () => {
        await w.apply(ROLLOUT, 'own-scale', 'git', { spec: rolloutSpec() });
        await w.merge(
          ROLLOUT,
          'own-scale',
          { spec: { replicas: 5 } },
          { subresource: 'scale', fieldManager: 'hpa' },
        );
        const again = await w.apply(ROLLOUT, 'own-scale', 'git', { spec: rolloutSpec() });
        return [at(again, 'spec', 'replicas'), owned(again)['hpa/Update/scale']];
      },
      [5, null],
    );
    point(
      'so an applier that names them later takes them without a conflict',
      async () => {
        const spec = rolloutSpec({ replicas: 2 });
        return await w.apply(ROLLOUT, 'own-scale', 'git', { spec }).then(
          (answer) => [at(answer, 'spec', 'replicas'), owned(answer)],
          async (error: unknown) => await w.told(Promise.reject(error as Error)),
        );
      },
      [
        2,
        {
          'git/Apply': [
            '.spec.replicas',
            '.spec.selector',
            '.spec.strategy.canary.steps',
            '.spec.template.metadata.',
            '.spec.template.metadata.labels.',
            '.spec.template.metadata.labels.app',
            '.spec.template.spec.',
            '.spec.template.spec.containers',
          ],
        },
      ],
    );
    point(
      'an empty map is an owned field',
      async () => {
        const made = await w.apply(CONFIG_MAP, 'own-empty', 'm1', { data: {} });
        return [made['data'] ?? null, owned(made)];
      },
      [null, { 'm1/Apply': ['.data'] }],
    );
    point(
      'null in a configuration',
      async () => {
        const made = await w.apply(CONFIG_MAP, 'own-null', 'm1', { data: { a: null, b: '1' } });
        return [made['data'], owned(made)];
      },
      [{ a: '', b: '1' }, { 'm1/Apply': ['.data.a', '.data.b'] }],
    );
    point(
      'several conflicts are told together',
      async () => {
        await w.apply(CONFIG_MAP, 'own-many', 'm1', { data: { a: '1', b: '1' } });
        return await w.told(w.apply(CONFIG_MAP, 'own-many', 'm2', { data: { a: '2', b: '2' } }));
      },
      '409 Conflict: Apply failed with 2 conflicts: conflicts with "m1":\n- .data.a\n- .data.b',
    );
    point(
      'conflicts with several managers',
      async () => {
        await w.apply(CONFIG_MAP, 'own-many2', 'm1', { data: { a: '1' } });
        await w.apply(CONFIG_MAP, 'own-many2', 'm2', { data: { b: '1' } });
        return [
          await w.told(w.apply(CONFIG_MAP, 'own-many2', 'm3', { data: { a: '2', b: '2' } })),
          (await w.causes(w.apply(CONFIG_MAP, 'own-many2', 'm3', { data: { a: '2', b: '2' } }))).sort(),
        ];
      },
      [
        '409 Conflict: Apply failed with 2 conflicts: conflicts with "m1":\n- .data.a\nconflicts with "m2":\n- .data.b',
        [
          'FieldManagerConflict .data.a: conflict with "m1"',
          'FieldManagerConflict .data.b: conflict with "m2"',
        ],
      ],
    );
    point(
      'a conflict with an update tells its version and time',
      async () => {
        await w.make(ROLLOUT, rollout('own-upd'), 'creator');
        return await w.told(w.apply(ROLLOUT, 'own-upd', 'm1', { spec: { replicas: 7, minReadySeconds: 1 } }));
      },
      '409 Conflict: Apply failed with 1 conflict: conflict with "creator" using argoproj.io/v1alpha1: .spec.replicas',
    );
    point(
      'an update of what an applier owns moves the field',
      async () => {
        await w.apply(CONFIG_MAP, 'own-move', 'm1', { data: { a: '1', b: '1' } });
        const moved = await w.merge(CONFIG_MAP, 'own-move', { data: { a: '2' } }, { fieldManager: 'm2' });
        const again = await w.apply(CONFIG_MAP, 'own-move', 'm1', { data: { b: '1' } });
        return [owned(moved), again['data']];
      },
      [
        { 'm1/Apply': ['.data.b'], 'm2/Update': ['.data.a'] },
        { a: '2', b: '1' },
      ],
    );
    point(
      'a write of the same value moves nothing',
      async () => {
        await w.apply(CONFIG_MAP, 'own-same', 'm1', { data: { a: '1' } });
        return owned(await w.merge(CONFIG_MAP, 'own-same', { data: { a: '1' } }, { fieldManager: 'm2' }));
      },
      { 'm1/Apply': ['.data.a'] },
    );
    point(
      'removing a field takes it from its owners',
      async () => {
        await w.apply(CONFIG_MAP, 'own-remove', 'm1', { data: { a: '1', b: '1' } });
        return owned(await w.merge(CONFIG_MAP, 'own-remove', { data: { a: null } }, { fieldManager: 'm2' }));
      },
      { 'm1/Apply': ['.data.b'] },
    );
    point(
      'the same manager as updater and applier has two entries',
      async () => {
        await w.make(CONFIG_MAP, configMap('own-two'), 'm1');
        const both = await w.apply(CONFIG_MAP, 'own-two', 'm1', { data: { b: '1' } });
        return [managers(both.metadata.managedFields), owned(both)];
      },
      [['m1/Apply', 'm1/Update'], { 'm1/Apply': ['.data.b'], 'm1/Update': ['.data.', '.data.a'] }],
    );
    point(
      'containers are owned by name, ports and env within them',
      async () => {
        const template = (container: JsonObject): JsonObject => ({
          metadata: { labels: { app: 'demo' } },
          spec: { containers: [{ name: 'app', image: 'example.com/app:v1', ...container }] },
        });
        const spec = {
          replicas: 0,
          selector: { matchLabels: { app: 'demo' } },
          template: template({ ports: [{ containerPort: 80 }], env: [{ name: 'A', value: '1' }] }),
        };
        const made = await w.apply(REPLICA_SET, 'own-ctr', 'm1', { spec });
        const two = await w.apply(REPLICA_SET, 'own-ctr', 'm2', {
          spec: { template: { spec: { containers: [{ name: 'app', env: [{ name: 'B', value: '2' }] }] } } },
        });
        return [
          owned(made)['m1/Apply'],
          owned(two)['m2/Apply'],
          at(two, 'spec', 'template', 'spec', 'containers', 0, 'env'),
        ];
      },
      [
        [
          '.spec.replicas',
          '.spec.selector',
          '.spec.template.metadata.labels.app',
          '.spec.template.spec.containers[{"name":"app"}].',
          '.spec.template.spec.containers[{"name":"app"}].env[{"name":"A"}].',
          '.spec.template.spec.containers[{"name":"app"}].env[{"name":"A"}].name',
          '.spec.template.spec.containers[{"name":"app"}].env[{"name":"A"}].value',
          '.spec.template.spec.containers[{"name":"app"}].image',
          '.spec.template.spec.containers[{"name":"app"}].name',
          '.spec.template.spec.containers[{"name":"app"}].ports[{"containerPort":80,"protocol":"TCP"}].',
          '.spec.template.spec.containers[{"name":"app"}].ports[{"containerPort":80,"protocol":"TCP"}].containerPort',
        ],
        [
          '.spec.template.spec.containers[{"name":"app"}].',
          '.spec.template.spec.containers[{"name":"app"}].env[{"name":"B"}].',
          '.spec.template.spec.containers[{"name":"app"}].env[{"name":"B"}].name',
          '.spec.template.spec.containers[{"name":"app"}].env[{"name":"B"}].value',
          '.spec.template.spec.containers[{"name":"app"}].name',
        ],
        [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      ],
    );
    point(
      'a created ReplicaSet: what its creator owns',
      async () => {
        const spec = { replicas: 0, selector: { matchLabels: { app: 'demo' } }, template: podTemplate() };
        return owned(await w.make(REPLICA_SET, object(REPLICA_SET, { name: 'own-rs' }, { spec }), 'sluice'));
      },
      {
        'sluice/Update': [
          '.spec.replicas',
          '.spec.selector',
          '.spec.template.metadata.labels.',
          '.spec.template.metadata.labels.app',
          '.spec.template.spec.containers[{"name":"app"}].',
          '.spec.template.spec.containers[{"name":"app"}].image',
          '.spec.template.spec.containers[{"name":"app"}].imagePullPolicy',
          '.spec.template.spec.containers[{"name":"app"}].name',
          '.spec.template.spec.containers[{"name":"app"}].resources',
          '.spec.template.spec.containers[{"name":"app"}].terminationMessagePath',
          '.spec.template.spec.containers[{"name":"app"}].terminationMessagePolicy',
          '.spec.template.spec.dnsPolicy',
          '.spec.template.spec.restartPolicy',
          '.spec.template.spec.schedulerName',
          '.spec.template.spec.securityContext',
          '.spec.template.spec.terminationGracePeriodSeconds',
        ],
      },
    );
    point(
      'a created Rollout: what its creator owns',
      async () => owned(await w.make(ROLLOUT, rollout('own-ro'), 'kubectl')),
      {
        'kubectl/Update': [
          '.spec.',
          '.spec.replicas',
          '.spec.selector',
          '.spec.strategy.',
          '.spec.strategy.canary.',
          '.spec.strategy.canary.steps',
          '.spec.template.',
          '.spec.template.metadata.',
          '.spec.template.metadata.labels.',
          '.spec.template.metadata.labels.app',
          '.spec.template.spec.',
          '.spec.template.spec.containers',
        ],
      },
    );
    point(
      'clearing managedFields with an empty list, and what the next apply makes of it',
      async () => {
        await w.make(CONFIG_MAP, configMap('own-clear'), 'm1');
        const cleared = await w.merge(
          CONFIG_MAP,
          'own-clear',
          { metadata: { managedFields: [{}] } },
          { fieldManager: 'm2' },
        );
        const next = await w.apply(CONFIG_MAP, 'own-clear', 'm3', { data: { b: '1' } });
        return [cleared.metadata.managedFields ?? null, managers(next.metadata.managedFields), owned(next)];
      },
      [
        null,
        ['before-first-apply/Update', 'm3/Apply'],
        { 'm3/Apply': ['.data.b'], 'before-first-apply/Update': ['.data.', '.data.a'] },
      ],
    );
    point(
      'an apply to status owns status only',
      async () => {
        await w.make(ROLLOUT, rollout('own-status'), 'creator');
        const answer = await w.apply(
          ROLLOUT,
          'own-status',
          'ctl',
          { status: { phase: 'Healthy' }, spec: { replicas: 9 } },
          false,
          { subresource: 'status' },
        );
        return [at(answer, 'spec', 'replicas'), answer['status'], owned(answer)['ctl/Apply/status']];
      },
      [1, { phase: 'Healthy' }, ['.status.phase']],
    );
    point(
      'a status in a configuration for the main resource is not owned',
      async () => {
        const answer = await w.apply(ROLLOUT, 'own-status2', 'git', {
          spec: rolloutSpec(),
          status: { phase: 'Healthy' },
        });
        return [
          answer['status'] ?? null,
          owned(answer)['git/Apply']?.filter((path) => path.includes('status')),
        ];
      },
      [null, []],
    );
    point(
      'an apply with a uid that does not exist',
      async () => await w.told(w.apply(CONFIG_MAP, 'own-uid', 'm1', { metadata: { uid: NOBODY } })),
      '409 Conflict: Operation cannot be fulfilled on configmaps "own-uid": uid mismatch: the provided object specified uid 00000000-0000-0000-0000-000000000000, and no existing object was found',
    );
    point(
      'an apply with a resourceVersion that is old',
      async () => {
        const first = await w.apply(CONFIG_MAP, 'own-rv', 'm1', { data: { a: '1' } });
        await w.apply(CONFIG_MAP, 'own-rv', 'm1', { data: { a: '2' } });
        const { resourceVersion } = first.metadata;
        return await w.told(
          w.apply(CONFIG_MAP, 'own-rv', 'm1', { metadata: { resourceVersion }, data: { a: '3' } }),
        );
      },
      '409 Conflict: Operation cannot be fulfilled on configmaps "own-rv": the object has been modified; please apply your changes to the latest version and try again',
    );
    point(
      'an apply with managedFields',
      async () =>
        await w.told(
          w.apply(CONFIG_MAP, 'own-mf', 'm1', {
            metadata: { managedFields: [{ manager: 'x', operation: 'Apply' }] },
          }),
        ),
      '400 BadRequest: metadata.managedFields must be nil',
    );
    point(
      'an apply under another name than the path',
      async () =>
        await w.told(
          w.api.patch(
            CONFIG_MAP,
            w.ref('own-name'),
            { type: 'apply', body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } } },
            { fieldManager: 'm1' },
          ),
        ),
      '400 BadRequest: the name of the object (other) does not match the name on the URL (own-name)',
    );
    point(
      'an apply with another kind than the path',
      async () =>
        await w.told(
          w.api.patch(
            CONFIG_MAP,
            w.ref('own-kind'),
            { type: 'apply', body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'own-kind' } } },
            { fieldManager: 'm1' },
          ),
        ),
      '400 BadRequest: invalid object type: /v1, Kind=Secret',
    );
    point(
      'an apply without kind',
      async () =>
        await w.told(
          w.api.patch(
            CONFIG_MAP,
            w.ref('own-kind'),
            { type: 'apply', body: { metadata: { name: 'own-kind' } } },
            { fieldManager: 'm1' },
          ),
        ),
      '400 BadRequest: invalid object type: /, Kind=',
    );
    point(
      'an apply with a wrong type in a built-in kind',
      async () => await w.told(w.apply(CONFIG_MAP, 'own-type', 'm1', { data: { a: 1 } })),
      '500 InternalError: failed to create typed patch object (NS/own-type; /v1, Kind=ConfigMap): .data.a: expected string, got &value.valueUnstructured{Value:1}',
    );
    point(
      'an apply with a wrong type in a custom resource',
      async () =>
        await w.told(w.apply(ROLLOUT, 'own-type2', 'm1', { spec: rolloutSpec({ replicas: 'three' }) })),
      '500 InternalError: failed to create typed patch object (NS/own-type2; argoproj.io/v1alpha1, Kind=Rollout): .spec.replicas: expected numeric (int or float), got string',
    );
    point(
      'an apply of what is already there after an update of another field writes nothing',
      async () => {
        await w.apply(CONFIG_MAP, 'own-noop', 'm1', { data: { a: '1' } });
        const live = await w.merge(CONFIG_MAP, 'own-noop', { data: { b: '1' } }, { fieldManager: 'm2' });
        const again = await w.apply(CONFIG_MAP, 'own-noop', 'm1', { data: { a: '1' } });
        return again.metadata.resourceVersion === live.metadata.resourceVersion;
      },
      true,
    );
    point(
      'a manager with a name that is too long',
      async () =>
        await w.told(w.create(CONFIG_MAP, configMap('own-long'), { fieldManager: 'm'.repeat(129) })),
      '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
    );
    point(
      'a manager with a name that does not print',
      async () => await w.told(w.create(CONFIG_MAP, configMap('own-print'), { fieldManager: 'a\u0007b' })),
      '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "a\\ab": invalid character U+0007 (at position 1)',
    );
  });
}
