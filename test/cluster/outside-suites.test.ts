/** What suites that were written for another controller rely on, against a real API server. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import type { KubeObject } from '../../src/kube/api.ts';
import { EVENT, POD, REPLICA_SET, ROLLOUT } from '../../src/kube/kinds.ts';
import { ControllerProcess } from './controller-process.ts';
import { eventually, withCluster } from './harness.ts';
import { podTemplate, statusOf, User } from './user.ts';

/** Budgets of an idle machine; one that runs other suites beside is given ten times that. */
const SLACK = 10;

withCluster('what outside suites rely on', { users: { sluice: ['system:masters'] } }, (cluster) => {
  let controller: ControllerProcess;
  before(async () => {
    const { plane } = cluster();
    controller = new ControllerProcess({
      kubeconfig: plane.kubeconfig('sluice'),
      log: join(plane.dir, 'outside-suites.log'),
      args: ['--leader-elect=false', '--controllers', 'rollouts,services,analysis'],
      env: { POD_NAMESPACE: 'default' },
    });
    await controller.says(/all stores are in step/);
  });
  after(() => controller?.end());

  it('parts of a template that nobody can read are taken out by one patch, and the rest is deployed', async () => {
    const user = await User.inNamespace(cluster().api, 'unreadable');
    const template = {
      metadata: { labels: { app: 'bad' } },
      spec: {
        containers: [
          { name: 'app', image: 'example/app:v1', resources: { requests: { memory: 'invalid', cpu: '5m' } } },
        ],
        ephemeralContainers: [{ name: 'debug', image: 'busybox', targetContainerName: 'app' }],
      },
    };
    await user.rollout('bad', { replicas: 1, template, strategy: { canary: {} } });
    await user.rollout('good', { replicas: 1, strategy: { canary: {} } });
    await user.phase('bad', 'Healthy');
    await user.phase('good', 'Healthy');
    const mended = (await user.get(ROLLOUT, 'bad')) as KubeObject;
    assert.equal(mended.metadata.generation, 2, 'one patch');
    assert.deepEqual((mended['spec'] as { template: { spec: object } }).template.spec, {
      containers: [{ name: 'app', image: 'example/app:v1', resources: { requests: { cpu: '5m' } } }],
    });
    const warnings = (await user.list(EVENT)).filter((event) => event['type'] === 'Warning');
    assert.deepEqual(
      warnings.map((event) => [(event['involvedObject'] as { name: string }).name, event['reason']]),
      [['bad', 'UnreadableField']],
    );
  });

  it('ReplicaSets have the golden names', async () => {
    const user = await User.inNamespace(cluster().api, 'golden');
    const container = (name: string): object => ({
      name,
      image: 'nginx:1.19-alpine',
      ports: [{ name: 'http', containerPort: 80, protocol: 'TCP' }],
      resources: { requests: { cpu: '5m', memory: '16Mi' } },
    });
    for (const [name, more] of [
      ['canary-scaledowndelay', {}],
      ['dynamic-stable-scale', { readinessGates: [{ conditionType: 'argoproj.io/e2e-readiness' }] }],
    ] as const) {
      const template = {
        metadata: { labels: { app: name } },
        spec: { containers: [container(name)], ...more },
      };
      await user.rollout(name, { replicas: 0, template, strategy: { canary: {} } });
      await user.phase(name, 'Healthy');
    }
    assert.deepEqual((await user.list(REPLICA_SET)).map(({ metadata }) => metadata.name).sort(), [
      'canary-scaledowndelay-674d8cf959',
      'dynamic-stable-scale-6b56c8cdb4',
    ]);
  });

  it('a single replica is restarted beside a second one', async () => {
    const user = await User.inNamespace(cluster().api, 'restart');
    await user.rollout('one', { replicas: 1, strategy: { canary: { maxSurge: 0, maxUnavailable: 1 } } });
    await user.phase('one', 'Healthy');
    const ready = async (): Promise<string[]> =>
      (await user.list(POD))
        .filter(({ metadata, ...pod }) => {
          const { conditions = [] } = pod['status'] as { conditions?: { type: string; status: string }[] };
          const isReady = conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
          return isReady && metadata.deletionTimestamp === undefined;
        })
        .map(({ metadata }) => metadata.name);
    const [old] = await ready();
    // Times have whole seconds: the pod must be from before.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const restartAt = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    await user.patch(ROLLOUT, 'one', { spec: { restartAt } });
    await eventually('the restart to be done', async () => {
      assert.ok((await ready()).length > 0, 'nothing serves');
      const rollout = await user.get(ROLLOUT, 'one');
      return (rollout?.['status'] as { restartedAt?: string } | undefined)?.restartedAt === restartAt;
    });
    await user.phase('one', 'Healthy');
    const left = await ready();
    assert.equal(left.length, 1);
    assert.notEqual(left[0], old);
  });

  it('answers soon', async (t) => {
    const user = await User.inNamespace(cluster().api, 'soon');
    const steps = [{ setWeight: 50 }, { pause: {} }];
    await user.rollout('web', { replicas: 2, strategy: { canary: { steps } } });
    await user.phase('web', 'Healthy');
    const took = async (
      what: string,
      budgetMs: number,
      act: () => Promise<void>,
      seen: () => Promise<boolean>,
    ): Promise<void> => {
      await act();
      const since = performance.now();
      while (!(await seen())) {
        const ms = performance.now() - since;
        assert.ok(ms < budgetMs * SLACK, `${what} took more than ${Math.round(ms)} ms`);
      }
      t.diagnostic(`${what}: ${Math.round(performance.now() - since)} ms of ${budgetMs}`);
    };
    const rollout = async (): Promise<KubeObject> => (await user.get(ROLLOUT, 'web')) as KubeObject;
    const template = podTemplate('web', 'v2');
    await took(
      'observedGeneration',
      300,
      () => user.patch(ROLLOUT, 'web', { spec: { template } }),
      async () => {
        const object = await rollout();
        return Number(statusOf(object).observedGeneration) === object.metadata.generation;
      },
    );
    await took(
      'the new ReplicaSet',
      700,
      () => Promise.resolve(),
      async () => (await user.replicaSets()).length === 2,
    );
    await user.phase('web', 'Paused');
    await took(
      'a promotion',
      300,
      () => user.promote('web'),
      async () => (statusOf(await rollout()) as { controllerPause?: boolean }).controllerPause !== true,
    );
    await user.phase('web', 'Healthy');
  });
});
