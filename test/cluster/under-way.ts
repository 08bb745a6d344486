/** A canary in its middle, and what must be true of it whatever happened meanwhile. */

import assert from 'node:assert/strict';
import type { KubeApi, KubeObject } from '../../src/kube/api.ts';
import { ANALYSIS_TEMPLATE, EVENT, ROLLOUT } from '../../src/kube/kinds.ts';
import { eventually } from './harness.ts';
import { canary, statusOf, User } from './user.ts';

export const PAUSE_MS = 12_000;
/** Later than this the pause has not only ended late: its clock was started again. */
const LATE_MS = 7_000;

/** Four steps, one of them a pause with a clock, one of them a run; paused at the second. */
export async function canaryUnderWay(
  api: KubeApi,
  namespace: string,
  metricsUrl: string,
): Promise<{ user: User; pausedAt: string }> {
  const user = await User.inNamespace(api, namespace);
  await user.create(ANALYSIS_TEMPLATE, 'gate', {
    spec: { metrics: [{ name: 'web', provider: { web: { url: `${metricsUrl}/web` } } }] },
  });
  await user.rollout('demo', {
    replicas: 3,
    ...canary(
      { setWeight: 34 },
      { pause: { duration: `${PAUSE_MS / 1000}s` } },
      { analysis: { templates: [{ templateName: 'gate' }] } },
      { setWeight: 67 },
    ),
  });
  await user.phase('demo', 'Healthy');
  await user.image('demo', 'v2');
  await user.phase('demo', 'Paused', 30_000, 1);
  const pausedAt =
    statusOf((await user.get(ROLLOUT, 'demo')) as KubeObject).pauseConditions?.[0]?.startTime ?? '';
  return { user, pausedAt };
}

/** Each step once and in order, one ReplicaSet for each version, one run, and the pause as long as it was. */
export async function nothingSkippedOrRepeated(
  { user, pausedAt }: { user: User; pausedAt: string },
  lateMs = LATE_MS,
  /** How often an Event may have been sent: where the status after it was cut off, the pass says it again. */
  mostTold = 1,
): Promise<void> {
  await user.phase('demo', 'Healthy', 60_000);
  const events = async (reason: string): Promise<KubeObject[]> =>
    (await user.list(EVENT)).filter((event) => event['reason'] === reason);
  await eventually('the Event of the end', async () => (await events('RolloutCompleted')).length >= 2);
  const steps = (await events('RolloutStepCompleted'))
    .map((event) => /step (\d+)\/4/.exec(String(event['message']))?.[1])
    .filter((step) => step !== undefined);
  assert.deepEqual(steps.sort(), ['1', '2', '3', '4'], 'each step once');
  for (const reason of ['RolloutStepCompleted', 'NewReplicaSetCreated', 'RolloutUpdated'])
    for (const event of await events(reason)) {
      const count = Number(event['count'] ?? 1);
      assert.ok(count <= mostTold, `${reason}, ${count} times: ${String(event['message'])}`);
    }
  const sets = await user.replicaSets();
  const revisions = sets.map(({ metadata }) => metadata.annotations?.['rollout.argoproj.io/revision']);
  assert.deepEqual(revisions.sort(), ['1', '2']);
  assert.equal((await user.runs()).length, 1, 'one AnalysisRun');
  const [run] = await user.runs();
  const waited = Date.parse(run?.metadata.creationTimestamp ?? '') - Date.parse(pausedAt);
  assert.ok(
    waited >= PAUSE_MS - 1_000 && waited <= PAUSE_MS + lateMs,
    `the pause of ${PAUSE_MS} ms took ${waited} ms`,
  );
}
