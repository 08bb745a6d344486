/** Two replicas of the controller, and what may happen to them and to the control plane in the middle of a canary. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, it } from 'node:test';
import { LEASE, ROLLOUT } from '../../src/kube/kinds.ts';
import { type AuditEntry, isWrite, readAudit } from './audit.ts';
import { ControllerProcess } from './controller-process.ts';
import { eventually, withCluster } from './harness.ts';
import { MetricServer } from './scenarios.ts';
import { canaryUnderWay, nothingSkippedOrRepeated } from './under-way.ts';
import { canary, podTemplate, statusOf, User } from './user.ts';

const LEASE_NAME = 'sluice-controller-lock';
/** Short, so that a takeover takes seconds. */
const LEASE_S = 4;
const TIMES = [
  `--leader-election-lease-duration=${LEASE_S}s`,
  '--leader-election-renew-deadline=3s',
  '--leader-election-retry-period=1s',
];
/** The lease, a retry period with its jitter, and a busy machine. */
const TAKEOVER_MS = (LEASE_S + 1.2 + 3) * 1000;
const SLEEP_MS = 30_000;
const ETCD_STOPPED_MS = 10_000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const options = { rules: true, users: { first: ['system:masters'], second: ['system:masters'] } };
withCluster('high availability', options, (cluster) => {
  let metrics: MetricServer;
  let replicas: ControllerProcess[] = [];
  before(async () => {
    metrics = await MetricServer.start();
  });
  after(() => metrics?.stop());
  afterEach(async () => {
    for (const { child } of replicas) child.kill('SIGCONT');
    await Promise.all(replicas.map((replica) => replica.end('SIGKILL')));
    replicas = [];
    await cluster()
      .api.delete(LEASE, { namespace: 'default', name: LEASE_NAME })
      .catch(() => {});
  });

  function start(user: 'first' | 'second' = 'first', args: readonly string[] = []): ControllerProcess {
    const { plane } = cluster();
    const replica = new ControllerProcess({
      kubeconfig: plane.kubeconfig(user),
      log: join(plane.dir, `controller-${user}-${replicas.length}-${Date.now()}.log`),
      args: ['--controllers', 'rollouts,services,analysis', ...TIMES, ...args],
      env: { POD_NAMESPACE: 'default' },
    });
    replicas.push(replica);
    return replica;
  }

  /** A leader that works, and a standby that waits for it. */
  async function startTwo(): Promise<[ControllerProcess, ControllerProcess]> {
    const leader = start('first');
    await leader.says(/all stores are in step/);
    return [leader, start('second')];
  }

  const writesOf = (user: string): AuditEntry[] =>
    readAudit(cluster().plane.auditLog, user).filter(
      (entry) => isWrite(entry) && entry.resource !== 'leases' && entry.code < 400,
    );

  const underWay = (namespace: string): ReturnType<typeof canaryUnderWay> =>
    canaryUnderWay(cluster().api, namespace, metrics.url);

  it('kill -9 of the leader: the standby takes over within the lease', async (t) => {
    const [leader, standby] = await startTwo();
    const demo = await underWay('killed');
    const killedAt = performance.now();
    leader.child.kill('SIGKILL');
    await standby.says(/leading/, TAKEOVER_MS);
    const took = performance.now() - killedAt;
    assert.ok(took > (LEASE_S - 1) * 1000 && took < TAKEOVER_MS, `took over after ${took} ms`);
    t.diagnostic(`the standby leads ${Math.round(took)} ms after the kill, with a lease of ${LEASE_S} s`);
    await nothingSkippedOrRepeated(demo);
  });

  it('a leader that slept longer than its lease starts no new write when it wakes', async () => {
    const [leader, standby] = await startTwo();
    const demo = await underWay('asleep');
    const stoppedAt = performance.now();
    leader.child.kill('SIGSTOP');
    await standby.says(/leading/, TAKEOVER_MS);
    await nothingSkippedOrRepeated(demo);
    await sleep(Math.max(0, SLEEP_MS - (performance.now() - stoppedAt)));
    const before = writesOf('first').length;
    leader.child.kill('SIGCONT');
    await eventually('the old leader to end', () => Promise.resolve(leader.child.exitCode !== null));
    assert.equal(leader.child.exitCode, 1);
    assert.equal(writesOf('first').length, before, 'no write after it woke');
  });

  it('the API server restarts, and every watch is cut', async () => {
    const { plane } = cluster();
    await startTwo();
    const demo = await underWay('restarted');
    await plane.restartApiServer();
    await nothingSkippedOrRepeated(demo);
  });

  it('etcd does not answer for longer than the lease', async () => {
    const { plane } = cluster();
    const two = await startTwo();
    const demo = await underWay('stuck');
    const etcd = plane.process('etcd');
    etcd.kill('SIGSTOP');
    try {
      await sleep(ETCD_STOPPED_MS);
    } finally {
      etcd.kill('SIGCONT');
    }
    // Whoever gave up is started again, as its Deployment would.
    await sleep(2_000);
    for (const replica of two) if (replica.child.exitCode !== null) start();
    await nothingSkippedOrRepeated(demo, ETCD_STOPPED_MS + 6_000);
  });

  it('a second start of the same version writes no object and no Event', async (t) => {
    const many = 1_000;
    const { api } = cluster();
    const user = await User.inNamespace(api, 'settled');
    const first = start('first', ['--qps', '400', '--burst', '800']);
    await first.says(/all stores are in step/);
    const names = Array.from({ length: many }, (_, i) => `settled-${i}`);
    for (let i = 0; i < names.length; i += 20) {
      await Promise.all(
        names.slice(i, i + 20).map((name) =>
          user.create(ROLLOUT, name, {
            spec: {
              replicas: 0,
              selector: { matchLabels: { app: name } },
              template: podTemplate(name, 'v1'),
              ...canary({ setWeight: 50 }, { pause: {} }),
            },
          }),
        ),
      );
    }
    await eventually(
      'all to be settled',
      async () =>
        (await user.list(ROLLOUT)).filter((rollout) => statusOf(rollout).phase === 'Healthy').length === many,
      180_000,
    );
    await quiet(() => writesOf('first').length);
    await first.end();
    const since = Date.now();
    const second = start('second', ['--logformat', 'json']);
    await second.says(/all stores are in step/);
    const port = /"metricsPort":(\d+)/.exec(second.log)?.[1] ?? '';
    /** Each Rollout has had its pass. */
    await eventually(
      'all to have been looked at',
      async () => {
        const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        const passes = [
          ...text.matchAll(/^rollout_reconcile_count\{[^}]*namespace="settled"[^}]*\} (\d+)/gm),
        ];
        return passes.length >= many;
      },
      60_000,
    );
    const took = Date.now() - since;
    await sleep(4_000);
    await second.end();
    const asked = readAudit(cluster().plane.auditLog, 'second').filter(({ at }) => at >= since);
    assert.deepEqual(
      asked
        .filter((entry) => isWrite(entry) && !NO_OBJECTS.has(entry.resource))
        .map(({ verb, path }) => `${verb} ${path}`),
      [],
    );
    const leases = asked.filter(({ resource }) => resource === 'leases').length;
    t.diagnostic(
      `${many} settled Rollouts: ${took} ms from the start of the process to the last pass; ` +
        `${asked.length - leases} requests, and ${leases} for leases`,
    );
    assert.ok(asked.length - leases < 60, 'lists and watches, and nothing for each Rollout');
  });

  it('refuses to start beside a live Argo Rollouts controller', async () => {
    const { api } = cluster();
    const now = new Date(Date.now()).toISOString().replace('Z', '000Z');
    const ref = { namespace: 'default', name: 'argo-rollouts-controller-lock' };
    await api.create(LEASE, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: ref,
      spec: {
        holderIdentity: 'argo-rollouts-7d_1',
        leaseDurationSeconds: 60,
        acquireTime: now,
        renewTime: now,
      },
    });
    const refused = start();
    await eventually('it to end', () => Promise.resolve(refused.child.exitCode !== null));
    assert.equal(refused.child.exitCode, 1);
    assert.match(
      refused.log,
      /an Argo Rollouts controller \(argo-rollouts-7d_1\) holds the lease default\/argo-rollouts-controller-lock .* scale it down first/,
    );
    const forced = start('first', ['--force-beside-argo-rollouts']);
    await forced.says(/an Argo Rollouts controller is alive; both may act/);
    await forced.says(/all stores are in step/);
    await api.delete(LEASE, ref);
  });
});

/** The election, and a question of its about its own rights, which stores nothing. */
const NO_OBJECTS: ReadonlySet<string> = new Set(['leases', 'selfsubjectaccessreviews']);

/** Waits until `count` has not changed for 3 s. */
async function quiet(count: () => number): Promise<void> {
  let last = -1;
  await eventually(
    'quiet',
    async () => {
      const now = count();
      if (now === last) return true;
      last = now;
      await sleep(3_000);
      return false;
    },
    60_000,
  );
}
