/** How often the controller writes for one update, counted by the API server. docs/measured.md has the numbers. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { INGRESS } from '../../src/kube/kinds.ts';
import { type AuditEntry, isWrite, readAudit } from './audit.ts';
import { ControllerProcess } from './controller-process.ts';
import { withCluster } from './harness.ts';
import { User } from './user.ts';

const STEPS = [{ setWeight: 25 }, { setWeight: 50 }, { setWeight: 75 }];

withCluster('writes of one update', { users: { counted: ['system:masters'] } }, (cluster) => {
  let controller: ControllerProcess;
  before(async () => {
    const { plane } = cluster();
    controller = new ControllerProcess({
      kubeconfig: plane.kubeconfig('counted'),
      log: join(plane.dir, 'counted.log'),
      args: ['--leader-elect=false', '--controllers', 'rollouts,services,analysis'],
      env: { POD_NAMESPACE: 'default' },
    });
    await controller.says(/all stores are in step/);
  });
  after(() => controller?.end());

  /** From the new image until nothing moves any more. */
  async function countedUpdate(user: User): Promise<{ total: number; kinds: string; events: number }> {
    await user.phase('demo', 'Healthy');
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    const since = Date.now();
    await user.image('demo', 'v2');
    await user.phase('demo', 'Healthy', 60_000);
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    const done = readAudit(cluster().plane.auditLog, 'counted').filter(
      (entry) => entry.at >= since && entry.namespace === user.namespace && isWrite(entry),
    );
    const isEvent = ({ resource }: AuditEntry): boolean => resource === 'events';
    const writes = done.filter((entry) => !isEvent(entry));
    const tally = new Map<string, number>();
    for (const { verb, resource } of writes) {
      const key = `${verb} ${resource}`;
      tally.set(key, (tally.get(key) ?? 0) + 1);
    }
    const kinds = [...tally].map(([key, count]) => `${count} ${key}`).sort();
    return { total: writes.length, kinds: kinds.join(', '), events: done.filter(isEvent).length };
  }

  it('of a basic canary with three steps', async (t) => {
    const user = await User.inNamespace(cluster().api, 'basic');
    await user.rollout('demo', { replicas: 4, strategy: { canary: { steps: STEPS } } });
    const { total, kinds, events } = await countedUpdate(user);
    t.diagnostic(`basic: ${total} writes (${kinds}), ${events} Events`);
    assert.ok(total > 8 && total <= 3 * STEPS.length + 5, `${total}: ${kinds}`);
  });

  it('of a canary behind nginx with three steps', async (t) => {
    const user = await User.inNamespace(cluster().api, 'nginx');
    for (const name of ['canary', 'stable']) await user.service(name, 'demo');
    const backend = { service: { name: 'stable', port: { number: 80 } } };
    await user.create(INGRESS, 'demo', {
      metadata: { annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
      spec: {
        rules: [{ host: 'demo.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
      },
    });
    const trafficRouting = { nginx: { stableIngress: 'demo' } };
    await user.rollout('demo', {
      replicas: 4,
      strategy: {
        canary: {
          canaryService: 'canary',
          stableService: 'stable',
          // So that the end of the old version is counted, too.
          scaleDownDelaySeconds: 2,
          trafficRouting,
          steps: STEPS,
        },
      },
    });
    const { total, kinds, events } = await countedUpdate(user);
    t.diagnostic(`nginx: ${total} writes (${kinds}), ${events} Events`);
    // One more than the bound: docs/measured.md.
    assert.ok(total > 8 && total <= 3 * STEPS.length + 10, `${total}: ${kinds}`);
  });
});
