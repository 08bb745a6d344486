/** Pods behave as pods.yaml says, and a canary waits for a readiness gate that somebody else opens. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { KubeObject } from '../../src/kube/api.ts';
import { JOB, POD, ROLLOUT } from '../../src/kube/kinds.ts';
import { ControllerProcess } from './controller-process.ts';
import { eventually, withCluster } from './harness.ts';
import { canary, podTemplate, statusOf, User } from './user.ts';

const GATE = 'example.com/attached';

interface PodStatus {
  readonly phase?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  readonly containerStatuses?: readonly {
    readonly state?: { readonly waiting?: { readonly reason?: string } };
  }[];
}
const pod = (object: KubeObject | undefined): PodStatus => (object?.['status'] ?? {}) as PodStatus;
const isReady = (object: KubeObject | undefined): boolean =>
  pod(object).conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

withCluster('pods', {}, (cluster) => {
  let user: User;
  let controller: ControllerProcess | undefined;
  before(async () => {
    user = await User.inNamespace(cluster().api, 'pods');
    await eventually('pods to be allowed', () =>
      user.create(POD, 'first', podTemplate('first', 'v1') as Record<string, unknown>).then(
        () => true,
        () => false,
      ),
    );
  });
  after(() => controller?.end());

  const open = async (name: string, status: 'True' | 'False'): Promise<void> => {
    const conditions = (pod(await user.get(POD, name)).conditions ?? []).filter(({ type }) => type !== GATE);
    await user.patch(
      POD,
      name,
      { status: { conditions: [...conditions, { type: GATE, status }] } },
      'status',
    );
  };

  it('are ready, slow, never ready, or without an image', async () => {
    for (const tag of ['v2', 'slow', 'never', 'bad'])
      await user.create(POD, tag, podTemplate(tag, tag) as Record<string, unknown>);
    await eventually('v2', async () => isReady(await user.get(POD, 'v2')), 6_000);
    assert.equal(isReady(await user.get(POD, 'slow')), false);
    await eventually('slow', async () => isReady(await user.get(POD, 'slow')), 12_000);
    const never = await user.get(POD, 'never');
    assert.deepEqual([pod(never).phase, isReady(never)], ['Running', false]);
    const bad = pod(await user.get(POD, 'bad'));
    assert.deepEqual(
      [bad.phase, bad.containerStatuses?.[0]?.state?.waiting?.reason],
      ['Pending', 'ErrImagePull'],
    );
  });

  it('of Jobs end well or badly after the seconds that they ask for', async () => {
    const job = (command: string, seconds: number): Record<string, unknown> => ({
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { annotations: { 'test.sluice.dev/seconds': String(seconds) } },
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'app', image: 'example/app:v1', command: ['sh', '-c', command] }],
          },
        },
      },
    });
    await user.create(JOB, 'good', job('true', 1));
    await user.create(JOB, 'wrong', job('exit 1', 2));
    await user.create(JOB, 'long', job('true', 8));
    const counted = async (name: string, what: string): Promise<boolean> =>
      ((await user.get(JOB, name))?.['status'] as Record<string, unknown> | undefined)?.[what] === 1;
    await eventually('good', () => counted('good', 'succeeded'), 6_000);
    await eventually('wrong', () => counted('wrong', 'failed'), 6_000);
    assert.equal(await counted('long', 'succeeded'), false);
    await eventually('long', () => counted('long', 'succeeded'), 12_000);
  });

  it('with a readiness gate are ready only while a test says so, and a canary waits for it', async () => {
    controller = new ControllerProcess({
      kubeconfig: cluster().kubeconfig,
      log: join(cluster().plane.dir, 'pods-controller.log'),
      args: ['--leader-elect=false', '--controllers', 'rollouts,services,analysis'],
      env: { POD_NAMESPACE: 'default' },
    });
    const template = podTemplate('demo', 'v1') as { spec: object };
    await user.rollout('demo', {
      replicas: 1,
      ...canary({ setWeight: 100 }, { pause: {} }),
      template: { ...template, spec: { ...template.spec, readinessGates: [{ conditionType: GATE }] } },
    });
    const mine = async (): Promise<KubeObject[]> =>
      (await user.list(POD)).filter(({ metadata }) => metadata.labels?.['app'] === 'demo');
    const running = async (count: number): Promise<KubeObject[]> => {
      await eventually(`${count} running`, async () => {
        const all = (await mine()).filter((each) => pod(each).phase === 'Running');
        return all.length === count;
      });
      return await mine();
    };
    const [first] = await running(1);
    assert.equal(isReady(first), false);
    await open(first?.metadata.name ?? '', 'True');
    await user.phase('demo', 'Healthy');
    await open(first?.metadata.name ?? '', 'False');
    await eventually('it to be unready again', async () => !isReady((await mine())[0]));
    await open(first?.metadata.name ?? '', 'True');
    await user.phase('demo', 'Healthy');
    await user.image('demo', 'v2');
    const second = (await running(2)).find(({ metadata }) => metadata.name !== first?.metadata.name);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const { phase, currentStepIndex = 0 } = statusOf((await user.get(ROLLOUT, 'demo')) as KubeObject);
    assert.deepEqual([phase, currentStepIndex], ['Progressing', 0], 'its pod is not available');
    await open(second?.metadata.name ?? '', 'True');
    await user.phase('demo', 'Paused', 30_000, 1);
  });
});
