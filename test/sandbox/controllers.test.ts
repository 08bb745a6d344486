// oxlint-disable unicorn/consistent-function-scoping -- helpers stand beside the tests that use them
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/lang/json.ts';
import type { DeleteOptions, KubeObject } from '../../src/kube/api.ts';
import {
  CONFIG_MAP,
  ENDPOINT_SLICE,
  EVENT,
  JOB,
  NAMESPACE,
  POD,
  REPLICA_SET,
  SERVICE,
} from '../../src/kube/kinds.ts';
import { POD_DISRUPTION_BUDGET } from '../../src/sandbox/controllers/disruption.ts';
import { at, bench, configMap, dig, failure, NS, podTemplate, replicaSet, type Bench } from './support.ts';

const running = (options?: Parameters<typeof bench>[0]): Bench => {
  const bed = bench(options);
  bed.cluster.start();
  return bed;
};

const pods = async ({ api }: Bench, app: string): Promise<KubeObject[]> =>
  (await api.list(POD, { namespace: NS, labelSelector: `app=${app}` })).items;

const scale = (bed: Bench, name: string, replicas: number): Promise<KubeObject> =>
  bed.api.patch(REPLICA_SET, at(name), { type: 'merge', body: { spec: { replicas } } });

const status = async ({ api }: Bench, name: string): Promise<unknown> =>
  (await api.get(REPLICA_SET, at(name)))['status'];

const noErrors = ({ cluster }: Bench): void => assert.deepEqual(cluster.controllers.errors, []);

describe('ReplicaSets', () => {
  it('make pods, count them, and lose the least worthy first', async () => {
    const bed = running();
    await bed.api.create(REPLICA_SET, replicaSet('web', 3));
    await bed.clock.advance(1499);
    assert.deepEqual(await status(bed, 'web'), {
      replicas: 3,
      fullyLabeledReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
    await bed.clock.advance(1);
    assert.deepEqual(await status(bed, 'web'), {
      replicas: 3,
      fullyLabeledReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      terminatingReplicas: 0,
      observedGeneration: 1,
    });
    await scale(bed, 'web', 5);
    await bed.clock.advance(100);
    const before = await pods(bed, 'web');
    const young = before.filter((pod) => dig(pod, 'status', 'phase') === 'Pending');
    assert.equal(young.length, 2);
    await scale(bed, 'web', 2);
    await bed.clock.advance(100);
    const left = await pods(bed, 'web');
    assert.equal(left.length, 2);
    assert.ok(left.every((pod) => !young.some((gone) => gone.metadata.uid === pod.metadata.uid)));
    assert.match(left[0]?.metadata.name ?? '', /^web-[a-z0-9]{5}$/);
    assert.equal(left[0]?.metadata.ownerReferences?.[0]?.controller, true);
    noErrors(bed);
  });

  it('respect the deletion cost, replace lost pods, adopt and release', async () => {
    const bed = running();
    await bed.api.create(REPLICA_SET, replicaSet('web', 3));
    await bed.clock.advance(2000);
    const [first, second] = await pods(bed, 'web');
    const cheap = first?.metadata.name as string;
    await bed.api.patch(POD, at(cheap), {
      type: 'merge',
      body: { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-10' } } },
    });
    await scale(bed, 'web', 2);
    await bed.clock.advance(10);
    assert.ok(!(await pods(bed, 'web')).some((pod) => pod.metadata.name === cheap));
    await bed.api.patch(POD, at(second?.metadata.name as string), {
      type: 'merge',
      body: { metadata: { labels: { app: 'gone' } } },
    });
    await bed.clock.advance(10);
    assert.equal((await pods(bed, 'web')).length, 2);
    assert.equal((await pods(bed, 'gone'))[0]?.metadata.ownerReferences, undefined);
    await bed.api.patch(POD, at(second?.metadata.name as string), {
      type: 'merge',
      body: { metadata: { labels: { app: 'web' } } },
    });
    await bed.clock.advance(10);
    assert.equal((await pods(bed, 'web')).length, 2, 'the adopted one is one too many');
    noErrors(bed);
  });

  it('wait minReadySeconds before a pod is available', async () => {
    const bed = running();
    await bed.api.create(REPLICA_SET, replicaSet('web', 1, { minReadySeconds: 10 }));
    await bed.clock.advance(5000);
    assert.equal(dig(await status(bed, 'web'), 'availableReplicas'), undefined);
    assert.equal(dig(await status(bed, 'web'), 'readyReplicas'), 1);
    await bed.clock.advance(6600);
    assert.equal(dig(await status(bed, 'web'), 'availableReplicas'), 1);
  });

  it('show what the image tag says', async () => {
    const bed = running();
    await bed.api.create(REPLICA_SET, replicaSet('slow', 1, { template: podTemplate('slow', 'x:slow-1') }));
    await bed.api.create(REPLICA_SET, replicaSet('bad', 1, { template: podTemplate('bad', 'x:bad') }));
    await bed.clock.advance(5900);
    assert.equal(dig(await status(bed, 'slow'), 'readyReplicas'), undefined);
    await bed.clock.advance(100);
    assert.equal(dig(await status(bed, 'slow'), 'readyReplicas'), 1);
    await bed.clock.advance(600_000);
    const [bad] = await pods(bed, 'bad');
    assert.equal(dig(await status(bed, 'bad'), 'readyReplicas'), undefined);
    assert.equal(
      dig((dig(bad, 'status', 'containerStatuses') as JsonObject[])[0], 'state', 'waiting', 'reason'),
      'ErrImagePull',
    );
  });

  it('hold a pod unready until its readiness gates are met', async () => {
    const bed = running();
    const template = podTemplate('web');
    (template['spec'] as JsonObject)['readinessGates'] = [{ conditionType: 'example.com/ready' }];
    await bed.api.create(REPLICA_SET, replicaSet('web', 1, { template }));
    await bed.clock.advance(5000);
    assert.equal(dig(await status(bed, 'web'), 'readyReplicas'), undefined);
    const [pod] = await pods(bed, 'web');
    await bed.api.patch(
      POD,
      at(pod?.metadata.name as string),
      {
        type: 'strategic',
        body: { status: { conditions: [{ type: 'example.com/ready', status: 'True' }] } },
      },
      { subresource: 'status' },
    );
    await bed.clock.settle();
    assert.equal(dig(await status(bed, 'web'), 'readyReplicas'), 1);
  });

  it('run by the thousand within seconds', async () => {
    const bed = running({ recordEvents: false });
    const started = performance.now();
    for (let i = 0; i < 1000; i++) {
      await bed.api.create(REPLICA_SET, replicaSet(`r${i}`, 4));
      await bed.api.create(SERVICE, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: `s${i}`, namespace: NS },
        spec: { selector: { app: `r${i}` }, ports: [{ port: 80 }] },
      } as never);
    }
    await bed.clock.advance(3_600_000);
    for (let i = 0; i < 1000; i++) await scale(bed, `r${i}`, 2);
    await bed.clock.advance(60_000);
    const all = await bed.api.list(POD, { namespace: NS });
    assert.equal(all.items.length, 2000);
    assert.ok(performance.now() - started < 60_000, `took ${performance.now() - started} ms`);
    noErrors(bed);
  });
});

describe('EndpointSlices', () => {
  it('follow the pods of a Service', async () => {
    const bed = running();
    const template = podTemplate('web');
    (template['spec'] as JsonObject)['containers'] = [
      { name: 'app', image: 'x:1', ports: [{ name: 'web', containerPort: 8080 }] },
    ];
    await bed.api.create(SERVICE, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: NS },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'web' }] },
    } as never);
    const slices = async (): Promise<KubeObject[]> =>
      (await bed.api.list(ENDPOINT_SLICE, { labelSelector: 'kubernetes.io/service-name=s' })).items;
    await bed.clock.settle();
    assert.deepEqual(
      (await slices()).map((slice) => slice['endpoints']),
      [[]],
    );
    await bed.api.create(REPLICA_SET, replicaSet('web', 2, { template }));
    await bed.clock.advance(2000);
    const [slice] = await slices();
    const endpoints = slice?.['endpoints'] as JsonObject[];
    assert.deepEqual(slice?.['ports'], [{ name: 'http', protocol: 'TCP', port: 8080 }]);
    assert.deepEqual(
      endpoints.map((item) => item['conditions']),
      [1, 2].map(() => ({ ready: true, serving: true, terminating: false })),
    );
    await bed.api.patch(SERVICE, at('s'), { type: 'merge', body: { spec: { selector: { app: 'other' } } } });
    await bed.clock.settle();
    assert.deepEqual((await slices())[0]?.['endpoints'], []);
    noErrors(bed);
  });

  it('mark a pod that is stopping', async () => {
    const bed = running();
    const template = podTemplate('web');
    (template['metadata'] as JsonObject)['annotations'] = { 'sandbox.sluice.dev/stop-delay-ms': '5000' };
    await bed.api.create(SERVICE, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', namespace: NS },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    } as never);
    await bed.api.create(REPLICA_SET, replicaSet('web', 1, { template }));
    await bed.clock.advance(2000);
    await scale(bed, 'web', 0);
    await bed.clock.advance(1000);
    const [slice] = (await bed.api.list(ENDPOINT_SLICE, { namespace: NS })).items;
    assert.deepEqual(dig(slice, 'endpoints', '0', 'conditions'), {
      ready: false,
      serving: true,
      terminating: true,
    });
    const [pod] = await pods(bed, 'web');
    assert.equal(pod?.metadata.deletionGracePeriodSeconds, 30);
    await bed.clock.advance(5000);
    assert.deepEqual(await pods(bed, 'web'), []);
  });
});

describe('deletion', () => {
  it('waits for finalizers and lets no new ones in', async () => {
    const { api } = bench();
    const made = await api.create(CONFIG_MAP, configMap('a', {}, { finalizers: ['example.com/x'] }));
    const dying = await api.delete(CONFIG_MAP, at('a'));
    assert.deepEqual(
      [dying.metadata.deletionTimestamp, dying.metadata.deletionGracePeriodSeconds],
      ['2026-01-01T00:00:00Z', 0],
    );
    assert.equal(
      await failure(
        api.patch(CONFIG_MAP, at('a'), {
          type: 'merge',
          body: { metadata: { finalizers: ['example.com/x', 'example.com/y'] } },
        }),
      ),
      '422 ConfigMap "a" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/y"}',
    );
    assert.match(
      await failure(api.delete(CONFIG_MAP, at('a'), { preconditions: { uid: 'x' } })),
      /^409 Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition \(x\) does not match/,
    );
    await api.patch(CONFIG_MAP, at('a'), { type: 'merge', body: { metadata: { finalizers: null } } });
    assert.equal(await failure(api.get(CONFIG_MAP, at('a'))), '404 configmaps "a" not found');
    assert.ok(made.metadata.uid);
  });

  const tree = async (bed: Bench): Promise<void> => {
    const owner = await bed.api.create(CONFIG_MAP, configMap('owner'));
    const reference = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'owner',
      uid: owner.metadata.uid as string,
      blockOwnerDeletion: true,
    };
    const child = await bed.api.create(
      CONFIG_MAP,
      configMap('child', {}, { ownerReferences: [reference] as never }),
    );
    const below = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'child',
      uid: child.metadata.uid as string,
      blockOwnerDeletion: true,
    };
    await bed.api.create(
      CONFIG_MAP,
      configMap('grandchild', {}, { ownerReferences: [below] as never, finalizers: ['example.com/hold'] }),
    );
    await bed.clock.settle();
  };
  const names = async (bed: Bench): Promise<string[]> =>
    (await bed.api.list(CONFIG_MAP, { namespace: NS })).items.map((item) => item.metadata.name);

  it('takes dependents along in the background', async () => {
    const bed = running();
    await tree(bed);
    await bed.api.delete(CONFIG_MAP, at('owner'));
    await bed.clock.settle();
    assert.deepEqual(await names(bed), ['grandchild']);
    noErrors(bed);
  });

  it('waits for dependents in the foreground', async () => {
    const bed = running();
    await tree(bed);
    const dying = await bed.api.delete(CONFIG_MAP, at('owner'), { propagationPolicy: 'Foreground' });
    assert.deepEqual(dying.metadata.finalizers, ['foregroundDeletion']);
    await bed.clock.settle();
    assert.deepEqual(await names(bed), ['child', 'grandchild', 'owner']);
    await bed.api.patch(CONFIG_MAP, at('grandchild'), {
      type: 'merge',
      body: { metadata: { finalizers: null } },
    });
    await bed.clock.settle();
    assert.deepEqual(await names(bed), []);
    noErrors(bed);
  });

  it('leaves orphans', async () => {
    const bed = running();
    await tree(bed);
    await bed.api.delete(CONFIG_MAP, at('owner'), { propagationPolicy: 'Orphan' } as DeleteOptions);
    await bed.clock.settle();
    assert.deepEqual(await names(bed), ['child', 'grandchild']);
    assert.equal((await bed.api.get(CONFIG_MAP, at('child'))).metadata.ownerReferences, undefined);
  });

  it('collects what was created for an owner that is not there', async () => {
    const bed = running();
    const ghost = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'ghost',
      uid: '00000000-0000-4000-8000-000000000000',
    };
    await bed.api.create(CONFIG_MAP, configMap('lost', {}, { ownerReferences: [ghost] as never }));
    await bed.clock.settle();
    assert.deepEqual(await names(bed), []);
  });

  it('empties a namespace before it goes', async () => {
    const bed = running();
    await bed.api.create(REPLICA_SET, replicaSet('web', 2));
    await bed.api.create(CONFIG_MAP, configMap('a', {}, { finalizers: ['example.com/x'] }));
    await bed.clock.advance(2000);
    const dying = await bed.api.delete(NAMESPACE, { name: NS });
    assert.equal(dig(dying, 'status', 'phase'), 'Terminating');
    assert.match(
      await failure(bed.api.create(CONFIG_MAP, configMap('new'))),
      /^403 configmaps "new" is forbidden: unable to create new content in namespace shop because it is being terminated$/,
    );
    await bed.clock.advance(1000);
    assert.deepEqual((await bed.api.list(POD)).items, []);
    assert.equal((await bed.api.get(NAMESPACE, { name: NS })).metadata.name, NS);
    await bed.api.patch(CONFIG_MAP, at('a'), { type: 'merge', body: { metadata: { finalizers: null } } });
    await bed.clock.settle();
    assert.equal(await failure(bed.api.get(NAMESPACE, { name: NS })), '404 namespaces "shop" not found');
  });
});

describe('disruption budgets', () => {
  it('hold evictions back', async () => {
    const bed = running();
    await bed.api.create(REPLICA_SET, replicaSet('web', 2));
    await bed.api.create(POD_DISRUPTION_BUDGET, {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b', namespace: NS },
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: 'web' } } },
    } as never);
    await bed.clock.advance(2000);
    const budget = await bed.api.get(POD_DISRUPTION_BUDGET, at('b'));
    assert.deepEqual(
      [
        dig(budget, 'status', 'expectedPods'),
        dig(budget, 'status', 'desiredHealthy'),
        dig(budget, 'status', 'disruptionsAllowed'),
      ],
      [2, 1, 1],
    );
    const evict = (pod: KubeObject | undefined): Promise<KubeObject> =>
      bed.api.create(
        POD,
        {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name: pod?.metadata.name as string, namespace: NS },
        },
        { subresource: 'eviction', ref: at(pod?.metadata.name as string) },
      );
    const [first, second] = await pods(bed, 'web');
    assert.equal((await evict(first))['status'], 'Success');
    assert.equal(
      await failure(evict(second)),
      "429 Cannot evict pod as it would violate the pod's disruption budget.",
    );
    await bed.clock.advance(3000);
    assert.equal((await evict(second))['status'], 'Success');
    noErrors(bed);
  });
});

describe('Jobs', () => {
  const job = (name: string, command: string, more: JsonObject = {}): KubeObject =>
    ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: NS },
      spec: {
        ...more,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'm', image: 'x:1', command: ['sh', '-c', command] }],
          },
        },
      },
    }) as never;

  it('complete, and fail after their backoff', async () => {
    const bed = running();
    await bed.api.create(JOB, job('good', 'true'));
    await bed.api.create(JOB, job('bad', 'exit 1', { backoffLimit: 1 }));
    await bed.clock.advance(1100);
    const good = await bed.api.get(JOB, at('good'));
    assert.deepEqual(
      (dig(good, 'status', 'conditions') as JsonObject[]).map(
        (item) => `${String(item['type'])} ${String(item['reason'])}`,
      ),
      ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached'],
    );
    assert.equal(dig(good, 'status', 'succeeded'), 1);
    assert.equal(dig(await bed.api.get(JOB, at('bad')), 'status', 'failed'), 1);
    await bed.clock.advance(12_000);
    const bad = await bed.api.get(JOB, at('bad'));
    assert.equal(
      dig((dig(bad, 'status', 'conditions') as JsonObject[])[1], 'reason'),
      'BackoffLimitExceeded',
    );
    noErrors(bed);
  });

  it('leave their pods when deleted without a policy, and go after their time to live', async () => {
    const bed = running();
    await bed.api.create(JOB, job('a', 'true'));
    await bed.api.create(JOB, job('b', 'true', { ttlSecondsAfterFinished: 5 }));
    await bed.clock.advance(2000);
    await bed.api.delete(JOB, at('a'));
    await bed.clock.advance(10_000);
    const left = (await bed.api.list(POD, { namespace: NS })).items.map(
      (pod) => pod.metadata.labels?.['job-name'],
    );
    assert.deepEqual(left, ['a']);
    assert.deepEqual((await bed.api.list(JOB)).items, []);
    assert.ok(
      (await bed.api.list(EVENT, { namespace: NS })).items.some((event) => event['reason'] === 'Completed'),
    );
  });
});
