/** The end of objects: finalizers, namespaces, the garbage collector, evictions under a budget. */

import { describe } from 'node:test';
import type { DeleteOptions, KubeObject, ResourceType } from '../../src/kube/api.ts';
import { CONFIG_MAP, NAMESPACE, POD, ROLLOUT, SECRET } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { at, configMap, NOBODY, object, point, refused, rollout, type World } from './world.ts';

const BUDGET: ResourceType = {
  group: 'policy',
  version: 'v1',
  plural: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  namespaced: true,
};

export function lifecycle(w: World): void {
  describe('finalizers', () => {
    const held = async (name: string, ...finalizers: string[]): Promise<KubeObject> => {
      await w.make(CONFIG_MAP, object(CONFIG_MAP, { name, finalizers }));
      return await w.api.delete(CONFIG_MAP, w.ref(name));
    };
    const release = async (name: string): Promise<void> => {
      await w.merge(CONFIG_MAP, name, { metadata: { finalizers: null } });
    };

    point(
      'a delete of what is held answers with the object',
      async () => {
        const answer = await held('lf-1', 'example.com/a');
        await release('lf-1');
        return [
          answer.kind,
          answer.metadata.deletionTimestamp !== undefined,
          answer.metadata.deletionGracePeriodSeconds,
        ];
      },
      ['ConfigMap', true, 0],
    );
    point(
      'a second delete of what is held changes nothing',
      async () => {
        const one = await held('lf-2', 'example.com/a');
        const two = await w.api.delete(CONFIG_MAP, w.ref('lf-2'));
        await release('lf-2');
        return [
          two.metadata.deletionTimestamp === one.metadata.deletionTimestamp,
          two.metadata.resourceVersion === one.metadata.resourceVersion,
        ];
      },
      [true, true],
    );
    point(
      'none is added to what is being deleted',
      async () => {
        await held('lf-3', 'example.com/a');
        const text = await w.told(
          w.merge(CONFIG_MAP, 'lf-3', { metadata: { finalizers: ['example.com/a', 'example.com/b'] } }),
        );
        await release('lf-3');
        return text;
      },
      '422 Invalid: ConfigMap "lf-3" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/b"}',
    );
    point(
      'what is being deleted can still be changed',
      async () => {
        await held('lf-4', 'example.com/a');
        const changed = await w.merge(CONFIG_MAP, 'lf-4', { data: { b: '2' } });
        await release('lf-4');
        return [changed['data'], changed.metadata.deletionTimestamp !== undefined];
      },
      [{ b: '2' }, true],
    );
    point(
      'the answer to the write that takes the last one is the object',
      async () => {
        await held('lf-5', 'example.com/a', 'example.com/b');
        const one = await w.merge(CONFIG_MAP, 'lf-5', { metadata: { finalizers: ['example.com/b'] } });
        const two = await w.merge(CONFIG_MAP, 'lf-5', { metadata: { finalizers: [] } });
        return [
          one.metadata.finalizers,
          two.kind,
          two.metadata.finalizers ?? null,
          await w.gone(CONFIG_MAP, 'lf-5'),
        ];
      },
      [['example.com/b'], 'ConfigMap', null, true],
    );
    point(
      'a custom resource whose status is written while it is being deleted',
      async () => {
        await w.make(ROLLOUT, {
          ...rollout('lf-6'),
          metadata: { name: 'lf-6', finalizers: ['example.com/a'] },
        });
        await w.api.delete(ROLLOUT, w.ref('lf-6'));
        const body = { status: { phase: 'Degraded' }, metadata: { finalizers: null } };
        const answer = await w.merge(ROLLOUT, 'lf-6', body, { subresource: 'status' });
        const there = !(await w.gone(ROLLOUT, 'lf-6'));
        await w.merge(ROLLOUT, 'lf-6', { metadata: { finalizers: null } });
        return [at(answer, 'status', 'phase'), answer.metadata.finalizers, there];
      },
      ['Degraded', ['example.com/a'], true],
    );
    point(
      'the foreground finalizer goes with the policy',
      async () => {
        await w.make(CONFIG_MAP, object(CONFIG_MAP, { name: 'lf-7', finalizers: ['example.com/a'] }));
        const answer = await w.api.delete(CONFIG_MAP, w.ref('lf-7'), { propagationPolicy: 'Foreground' });
        await w.merge(CONFIG_MAP, 'lf-7', { metadata: { finalizers: null } });
        return [answer.metadata.finalizers?.toSorted(), answer.metadata.deletionTimestamp !== undefined];
      },
      [['example.com/a', 'foregroundDeletion'], true],
    );
    point(
      'a uid that is another one',
      async () => {
        await w.make(CONFIG_MAP, configMap('lf-8'));
        return await w.told(w.api.delete(CONFIG_MAP, w.ref('lf-8'), { preconditions: { uid: NOBODY } }));
      },
      '409 Conflict: Operation cannot be fulfilled on ConfigMap "lf-8": the UID in the precondition (00000000-0000-0000-0000-000000000000) does not match the UID in record (UID). The object might have been deleted and then recreated',
    );
    point(
      'a resourceVersion that is another one',
      async () => {
        const text = await w.told(
          w.api.delete(CONFIG_MAP, w.ref('lf-8'), { preconditions: { resourceVersion: '1' } }),
        );
        return text.replaceAll(/record \(\d+\)/g, 'record (N)');
      },
      '409 Conflict: Operation cannot be fulfilled on ConfigMap "lf-8": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (N). The object might have been modified',
    );
    point(
      'a policy that does not exist',
      async () =>
        await w.told(
          w.api.delete(CONFIG_MAP, w.ref('lf-8'), {
            propagationPolicy: 'Sideways',
          } as unknown as DeleteOptions),
        ),
      '422 Invalid: DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
    );
    point(
      'a delete answers with a Status for what is gone at once',
      async () => {
        const answer = await w.api.delete(CONFIG_MAP, w.ref('lf-8'));
        return [answer.kind, answer['status'], w.plain(JSON.stringify(answer['details']))];
      },
      ['Status', 'Success', '{"name":"lf-8","kind":"configmaps","uid":"UID"}'],
    );
    point(
      'a delete of a custom resource too',
      async () => {
        await w.make(ROLLOUT, rollout('lf-9'));
        const answer = await w.api.delete(ROLLOUT, w.ref('lf-9'));
        return [answer.kind, answer['status'], w.plain(JSON.stringify(answer['details']))];
      },
      ['Status', 'Success', '{"name":"lf-9","group":"argoproj.io","kind":"rollouts","uid":"UID"}'],
    );
  });

  describe('namespaces', () => {
    const doomed = async (name: string): Promise<string> => {
      const full = `${w.ns}-${name}`;
      await w.api.create(NAMESPACE, object(NAMESPACE, { name: full }));
      await w.api.create(
        CONFIG_MAP,
        object(CONFIG_MAP, { name: 'held', namespace: full, finalizers: ['example.com/hold'] }),
      );
      await w.api.create(CONFIG_MAP, object(CONFIG_MAP, { name: 'free', namespace: full }));
      await w.api.delete(NAMESPACE, { name: full });
      return full;
    };
    const release = async (full: string): Promise<void> => {
      await w.api.patch(
        CONFIG_MAP,
        { namespace: full, name: 'held' },
        { type: 'merge', body: { metadata: { finalizers: null } } },
      );
      await w.server.eventually(
        'the namespace gone',
        async () =>
          await w.api.get(NAMESPACE, { name: full }).then(
            () => false,
            () => true,
          ),
      );
    };

    point(
      'a fresh one is Active, has a finalizer and a label with its name',
      async () => {
        const live = await w.api.get(NAMESPACE, { name: w.ns });
        return JSON.parse(
          w.plain(JSON.stringify([live['spec'], live['status'], live.metadata.labels])),
        ) as unknown;
      },
      [{ finalizers: ['kubernetes'] }, { phase: 'Active' }, { 'kubernetes.io/metadata.name': 'NS' }],
    );
    point(
      'a terminating one takes nothing new',
      async () => {
        const full = await doomed('term');
        const late = async (): Promise<KubeObject> =>
          await w.api.create(CONFIG_MAP, object(CONFIG_MAP, { name: 'late', namespace: full }));
        const [text, causes] = [await w.told(late()), await w.causes(late())];
        const live = await w.api.get(NAMESPACE, { name: full });
        await release(full);
        return [text, causes, at(live, 'status', 'phase')];
      },
      [
        '403 Forbidden: configmaps "late" is forbidden: unable to create new content in namespace NS-term because it is being terminated',
        ['NamespaceTerminating metadata.namespace: namespace NS-term is being terminated'],
        'Terminating',
      ],
    );
    point(
      'a terminating one lets existing objects be changed, and waits for their finalizers',
      async () => {
        const full = await doomed('waits');
        await w.server.eventually('the free one gone', async () => {
          const { items } = await w.api.list(CONFIG_MAP, { namespace: full });
          return !items.some(({ metadata }) => metadata.name === 'free');
        });
        const changed = await w.api.patch(
          CONFIG_MAP,
          { namespace: full, name: 'held' },
          { type: 'merge', body: { data: { b: '2' } } },
        );
        const there = await w.api.get(NAMESPACE, { name: full });
        await release(full);
        return [changed['data'], there.metadata.deletionTimestamp !== undefined];
      },
      [{ b: '2' }, true],
    );
    point(
      'deleting one answers with the object',
      async () => {
        const full = `${w.ns}-twice`;
        await w.api.create(NAMESPACE, object(NAMESPACE, { name: full }));
        const answer = await w.api.delete(NAMESPACE, { name: full });
        return [answer.kind, at(answer, 'status', 'phase')];
      },
      ['Namespace', 'Terminating'],
    );
    point(
      'kube-system and default stay',
      async () => [
        await w.told(w.api.delete(NAMESPACE, { name: 'kube-system' })),
        await w.told(w.api.delete(NAMESPACE, { name: 'default' })),
      ],
      [
        '403 Forbidden: namespaces "kube-system" is forbidden: this namespace may not be deleted',
        '403 Forbidden: namespaces "default" is forbidden: this namespace may not be deleted',
      ],
    );
  });

  describe('garbage collection in detail', () => {
    const child = async (owner: KubeObject, name: string, extra: JsonObject = {}): Promise<void> => {
      const { uid } = owner.metadata;
      await w.make(
        SECRET,
        object(SECRET, {
          name,
          ownerReferences: [
            {
              apiVersion: owner.apiVersion,
              kind: owner.kind,
              name: owner.metadata.name,
              uid: uid ?? '',
              ...extra,
            },
          ],
        }),
      );
    };
    point(
      'in the foreground, what blocks holds the owner',
      async () => {
        const owner = await w.make(CONFIG_MAP, configMap('gc-1'));
        await child(owner, 'gc-1-child', { blockOwnerDeletion: true });
        await w.merge(SECRET, 'gc-1-child', { metadata: { finalizers: ['example.com/hold'] } });
        await w.api.delete(CONFIG_MAP, w.ref('gc-1'), { propagationPolicy: 'Foreground' });
        await w.server.eventually(
          'the child terminating',
          async () => (await w.api.get(SECRET, w.ref('gc-1-child'))).metadata.deletionTimestamp !== undefined,
        );
        const waiting = await w.api.get(CONFIG_MAP, w.ref('gc-1'));
        await w.merge(SECRET, 'gc-1-child', { metadata: { finalizers: null } });
        await w.server.eventually('the owner gone', async () => await w.gone(CONFIG_MAP, 'gc-1'));
        return [waiting.metadata.finalizers, await w.gone(SECRET, 'gc-1-child')];
      },
      [['foregroundDeletion'], true],
    );
    point(
      'in the foreground, what does not block is not waited for',
      async () => {
        const owner = await w.make(CONFIG_MAP, configMap('gc-2'));
        await child(owner, 'gc-2-child');
        await w.merge(SECRET, 'gc-2-child', { metadata: { finalizers: ['example.com/hold'] } });
        await w.api.delete(CONFIG_MAP, w.ref('gc-2'), { propagationPolicy: 'Foreground' });
        await w.server.eventually('the owner gone', async () => await w.gone(CONFIG_MAP, 'gc-2'));
        const there = !(await w.gone(SECRET, 'gc-2-child'));
        await w.merge(SECRET, 'gc-2-child', { metadata: { finalizers: null } });
        return there;
      },
      true,
    );
    point(
      'an owner that never was: the dependent goes',
      async () => {
        const ghost = { ...configMap('gc-ghost'), metadata: { name: 'gc-ghost', uid: NOBODY } };
        await child(ghost, 'gc-3-child');
        await w.server.eventually('the child gone', async () => await w.gone(SECRET, 'gc-3-child'));
        return true;
      },
      true,
    );
    point(
      'one of two owners left: the dependent stays and loses the reference',
      async () => {
        const [one, two] = [
          await w.make(CONFIG_MAP, configMap('gc-4a')),
          await w.make(CONFIG_MAP, configMap('gc-4b')),
        ];
        const refs = [one, two].map(({ metadata }) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: metadata.name,
          uid: metadata.uid ?? '',
        }));
        await w.make(SECRET, object(SECRET, { name: 'gc-4-child', ownerReferences: refs }));
        await w.api.delete(CONFIG_MAP, w.ref('gc-4a'), { propagationPolicy: 'Background' });
        await w.server.eventually(
          'one reference',
          async () => (await w.api.get(SECRET, w.ref('gc-4-child'))).metadata.ownerReferences?.length === 1,
        );
        return (await w.api.get(SECRET, w.ref('gc-4-child'))).metadata.ownerReferences?.map(
          ({ name }) => name,
        );
      },
      ['gc-4b'],
    );
    point(
      'a custom resource owns built-in ones',
      async () => {
        const owner = await w.make(ROLLOUT, rollout('gc-5'));
        await child(owner, 'gc-5-child', { controller: true, blockOwnerDeletion: true });
        await w.api.delete(ROLLOUT, w.ref('gc-5'));
        await w.server.eventually('the child gone', async () => await w.gone(SECRET, 'gc-5-child'));
        return await w.gone(ROLLOUT, 'gc-5');
      },
      true,
    );
    point(
      'orphaning takes the finalizer off again',
      async () => {
        const owner = await w.make(ROLLOUT, rollout('gc-6'));
        await child(owner, 'gc-6-child', { controller: true });
        const answer = await w.api.delete(ROLLOUT, w.ref('gc-6'), { propagationPolicy: 'Orphan' });
        await w.server.eventually('the owner gone', async () => await w.gone(ROLLOUT, 'gc-6'));
        const left = await w.api.get(SECRET, w.ref('gc-6-child'));
        return [answer.metadata.finalizers ?? null, left.metadata.ownerReferences ?? null];
      },
      [['orphan'], null],
    );
  });

  describe('eviction', () => {
    const evict = async (name: string, extra: JsonObject = {}): Promise<KubeObject> =>
      await w.api.create(
        POD,
        { apiVersion: 'policy/v1', kind: 'Eviction', metadata: w.ref(name), ...extra },
        { subresource: 'eviction', ref: w.ref(name) },
      );
    /** A pod that counts as healthy: running and ready, as its kubelet would say. */
    const healthy = async (name: string): Promise<void> => {
      await w.make(
        POD,
        object(
          POD,
          { name, labels: { app: name } },
          {
            spec: {
              nodeName: 'nowhere',
              containers: [{ name: 'a', image: 'example.com/a' }],
              terminationGracePeriodSeconds: 0,
            },
          },
        ),
      );
      await w.merge(
        POD,
        name,
        {
          status: {
            phase: 'Running',
            conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
          },
        },
        { subresource: 'status' },
      );
    };
    const budget = async (name: string, spec: JsonObject): Promise<void> => {
      await w.make(
        BUDGET,
        object(BUDGET, { name }, { spec: { selector: { matchLabels: { app: name } }, ...spec } }),
      );
      await w.server.eventually('the budget counted', async () => {
        const live = await w.api.get(BUDGET, w.ref(name));
        return at(live, 'status', 'observedGeneration') === 1 && at(live, 'status', 'currentHealthy') === 1;
      });
    };

    point(
      'answers 429 and its reason while a budget forbids it',
      async () => {
        await healthy('ev-1');
        await budget('ev-1', { minAvailable: 1 });
        const error = await refused(evict('ev-1'));
        return [error.code, error.reason, error.message, error.status.details];
      },
      [
        429,
        'TooManyRequests',
        "Cannot evict pod as it would violate the pod's disruption budget.",
        {
          causes: [
            {
              reason: 'DisruptionBudget',
              message: 'The disruption budget ev-1 needs 1 healthy pods and has 1 currently',
            },
          ],
        },
      ],
    );
    point(
      'the status of a budget',
      async () => {
        const live = await w.api.get(BUDGET, w.ref('ev-1'));
        const { conditions, ...status } = live['status'] as JsonObject;
        return [
          status,
          (conditions as JsonObject[]).map(({ type, status: is, reason }) => [type, is, reason]),
        ];
      },
      [
        {
          observedGeneration: 1,
          disruptionsAllowed: 0,
          currentHealthy: 1,
          desiredHealthy: 1,
          expectedPods: 1,
        },
        [['DisruptionAllowed', 'False', 'InsufficientPods']],
      ],
    );
    point(
      'two budgets for one pod are an error',
      async () => {
        await w.make(
          BUDGET,
          object(
            BUDGET,
            { name: 'ev-1b' },
            { spec: { minAvailable: 0, selector: { matchLabels: { app: 'ev-1' } } } },
          ),
        );
        return await w.told(evict('ev-1'));
      },
      '500 InternalError: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    );
    point(
      'of a pod that is not there',
      async () => await w.told(evict('ev-nobody')),
      '404 NotFound: pods "ev-nobody" not found',
    );
    point(
      'of another pod than the path says',
      async () =>
        await w.told(
          w.api.create(
            POD,
            { apiVersion: 'policy/v1', kind: 'Eviction', metadata: w.ref('ev-other') },
            { subresource: 'eviction', ref: w.ref('ev-1') },
          ),
        ),
      '400 BadRequest: name in URL does not match name in Eviction object',
    );
    point(
      'a budget with both bounds',
      async () =>
        await w.told(
          w.make(
            BUDGET,
            object(
              BUDGET,
              { name: 'ev-2' },
              { spec: { minAvailable: 1, maxUnavailable: 1, selector: { matchLabels: { app: 'x' } } } },
            ),
          ),
        ),
      '422 Invalid: PodDisruptionBudget.policy "ev-2" is invalid: spec: Invalid value: {"MinAvailable":1,"Selector":{"matchLabels":{"app":"x"}},"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    );
    point(
      'a budget with a share that is none',
      async () =>
        await w.told(
          w.make(
            BUDGET,
            object(
              BUDGET,
              { name: 'ev-3' },
              { spec: { minAvailable: '150%', selector: { matchLabels: { app: 'x' } } } },
            ),
          ),
        ),
      '422 Invalid: PodDisruptionBudget.policy "ev-3" is invalid: spec.minAvailable: Invalid value: "150%": must not be greater than 100%',
    );
  });
}
