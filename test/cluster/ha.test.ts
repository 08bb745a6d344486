/** Two replicas of the controller, and what may happen to them and to the control plane in the middle of a canary. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before, it } from 'node:test';
import type { KubeObject } from '../../src/kube/api.ts';
import { ANALYSIS_TEMPLATE, EVENT, LEASE, ROLLOUT } from '../../src/kube/kinds.ts';
import { type AuditEntry, isWrite, readAudit } from './audit.ts';
import { ControllerProcess } from './controller-process.ts';
import { eventually, withCluster } from './harness.ts';
import { MetricServer } from './scenarios.ts';
import { canary, podTemplate, statusOf, User } from './user.ts';

const LEASE_NAME = 'sluice-controller-lock';
/** Short, so that a takeover takes seconds. */
const LEASE_S = 4;
const TIMES = [
  `--leader-election-lease-duration=${LEASE_S}s`,
  '--leader-election-renew-deadline=3s',
  '--leader-election-retry-period=1s',
];
/** After the lease: a retry period, the start of the informers, and a busy machine. */
const TAKEOVER_MS = (LEASE_S + 8) * 1000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const options = { users: { first: ['system:masters'], second: ['system:masters'] } };
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

  /** Three steps, one of them a pause with a clock, one of them a run; then the promotion. */
  async function canaryUnderWay(namespace: string): Promise<User> {
    const user = await User.inNamespace(cluster().api, namespace);
    await user.create(ANALYSIS_TEMPLATE, 'gate', {
      spec: { metrics: [{ name: 'web', provider: { web: { url: `${metrics.url}/web` } } }] },
    });
    await user.rollout('demo', {
      replicas: 3,
      ...canary(
        { setWeight: 34 },
        { pause: { duration: '12s' } },
        { analysis: { templates: [{ templateName: 'gate' }] } },
        { setWeight: 67 },
      ),
    });
    await user.phase('demo', 'Healthy');
    await user.image('demo', 'v2');
    await user.phase('demo', 'Paused', 30_000, 1);
    return user;
  }

  /** Each step once and in order, one ReplicaSet for each version, one run, and the pause as long as it was. */
  async function nothingSkippedOrRepeated(user: User, pausedAt: string): Promise<void> {
    await user.phase('demo', 'Healthy', 60_000);
    const events = async (reason: string): Promise<KubeObject[]> =>
      (await user.list(EVENT)).filter((event) => event['reason'] === reason);
    await eventually('the Event of the end', async () => (await events('RolloutCompleted')).length >= 2);
    const steps = (await events('RolloutStepCompleted'))
      .map((event) => /step (\d+)\/4/.exec(String(event['message']))?.[1])
      .filter((step) => step !== undefined);
    assert.deepEqual(steps.sort(), ['1', '2', '3', '4'], 'each step once');
    for (const reason of ['RolloutStepCompleted', 'NewReplicaSetCreated', 'RolloutUpdated'])
      for (const event of await events(reason))
        assert.equal(event['count'] ?? 1, 1, `${reason}: ${String(event['message'])}`);
    const sets = await user.replicaSets();
    const revisions = sets.map(({ metadata }) => metadata.annotations?.['rollout.argoproj.io/revision']);
    assert.deepEqual(revisions.sort(), ['1', '2']);
    assert.equal((await user.runs()).length, 1, 'one AnalysisRun');
    const [run] = await user.runs();
    const waited = Date.parse(run?.metadata.creationTimestamp ?? '') - Date.parse(pausedAt);
    assert.ok(waited >= 11_000, `the pause of 12 s took ${waited} ms`);
  }
  const pausedAtOf = async (user: User): Promise<string> =>
    statusOf((await user.get(ROLLOUT, 'demo')) as KubeObject).pauseConditions?.[0]?.startTime ?? '';

  it('kill -9 of the leader: the standby takes over within the lease', async () => {
    const [leader, standby] = await startTwo();
    const user = await canaryUnderWay('killed');
    const pausedAt = await pausedAtOf(user);
    const killedAt = performance.now();
    leader.child.kill('SIGKILL');
    await standby.says(/all stores are in step/, TAKEOVER_MS);
    const took = performance.now() - killedAt;
    assert.ok(took < TAKEOVER_MS, `took over after ${took} ms`);
    await nothingSkippedOrRepeated(user, pausedAt);
  });

  it('a leader that slept longer than its lease starts no new write when it wakes', async () => {
    const [leader, standby] = await startTwo();
    const user = await canaryUnderWay('asleep');
    const pausedAt = await pausedAtOf(user);
    leader.child.kill('SIGSTOP');
    await standby.says(/all stores are in step/, TAKEOVER_MS);
    await nothingSkippedOrRepeated(user, pausedAt);
    const before = writesOf('first').length;
    leader.child.kill('SIGCONT');
    await eventually('the old leader to end', () => Promise.resolve(leader.child.exitCode !== null));
    assert.equal(leader.child.exitCode, 1);
    assert.equal(writesOf('first').length, before, 'no write after it woke');
  });

  it('the API server restarts, and every watch is cut', async () => {
    const { plane } = cluster();
    await startTwo();
    const user = await canaryUnderWay('restarted');
    const pausedAt = await pausedAtOf(user);
    await plane.restartApiServer();
    await nothingSkippedOrRepeated(user, pausedAt);
  });

  it('etcd does not answer for longer than the lease', async () => {
    const { plane } = cluster();
    const two = await startTwo();
    const user = await canaryUnderWay('stuck');
    const pausedAt = await pausedAtOf(user);
    const etcd = plane.process('etcd');
    etcd.kill('SIGSTOP');
    try {
      await sleep((LEASE_S + 2) * 1000);
    } finally {
      etcd.kill('SIGCONT');
    }
    // Whoever gave up is started again, as its Deployment would.
    await sleep(2_000);
    for (const replica of two) if (replica.child.exitCode !== null) start();
    await nothingSkippedOrRepeated(user, pausedAt);
  });

  it('a second start of the same version writes no object and no Event', async () => {
    const many = 200;
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
      60_000,
    );
    await quiet(() => writesOf('first').length);
    await first.end();
    const before = writesOf('second').length;
    const second = start('second');
    await second.says(/all stores are in step/);
    await sleep(4_000);
    await second.end();
    assert.deepEqual(
      writesOf('second')
        .slice(before)
        .map(({ verb, path }) => `${verb} ${path}`),
      [],
    );
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
