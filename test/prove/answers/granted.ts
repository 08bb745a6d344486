/** The snapshot in which what an answer of `why` waits for has come, so that it can be seen whether that was it. */

import type { Rollout, RolloutStatus } from '../../../src/api/rollout.ts';
import type { RolloutSnapshot } from '../../../src/plan/rollout/index.ts';
import type { ReplicaSet } from '../../../src/plan/rollout/replica-set.ts';
import type { Explanation } from '../../../src/plan/why/explain.ts';

/** A weight that a router doesn't take, and pods that have to go: as where they are the cause. */
const NOT_TO_GRANT =
  /; (waiting for the traffic|pods from before|\d+ pods? (of older versions|(is|are) on ))/;

/** undefined: nobody can grant it here. */
export function granted(snapshot: RolloutSnapshot, answer: Explanation): RolloutSnapshot | undefined {
  const { rollout, now } = snapshot;
  if (rollout === undefined) return undefined;
  switch (answer.cause) {
    case 'pause':
      return answer.until === undefined
        ? withStatus(snapshot, rollout, { pauseConditions: undefined })
        : { ...snapshot, now: Math.max(now, answer.until + 1) };
    case 'inconclusive':
      return withStatus(snapshot, rollout, { pauseConditions: undefined });
    case 'aborted':
      return withStatus(snapshot, rollout, { abort: false });
    case 'held':
      return { ...snapshot, rollout: { ...rollout, spec: { ...rollout.spec, paused: false } } };
    case 'pods':
      return withAllPods(snapshot);
    case 'late':
      return NOT_TO_GRANT.test(answer.text) || answer.gates[0]?.phase === 'Inconclusive'
        ? undefined
        : withGateOpen(withAllPods(snapshot), answer.gates[0]?.run);
    case 'gate':
      return answer.gates[0]?.phase === 'Inconclusive'
        ? undefined
        : withGateOpen(snapshot, answer.gates[0]?.run);
    case 'deleted':
    case 'refused':
    case 'acting':
    case 'gate broken':
    case 'traffic':
    case 'restart':
    case 'old pods':
    case 'settled':
      return undefined;
  }
}

function withStatus(
  snapshot: RolloutSnapshot,
  rollout: Rollout,
  changed: { [K in keyof RolloutStatus]: RolloutStatus[K] | undefined },
): RolloutSnapshot {
  return { ...snapshot, rollout: { ...rollout, status: { ...rollout.status, ...changed } as RolloutStatus } };
}

/** Each ReplicaSet has what it asks for. */
function withAllPods(snapshot: RolloutSnapshot): RolloutSnapshot {
  const full = (rs: ReplicaSet): ReplicaSet => {
    const size = rs.spec.replicas ?? 1;
    return {
      ...rs,
      status: {
        ...rs.status,
        replicas: size,
        readyReplicas: size,
        availableReplicas: size,
        observedGeneration: rs.metadata.generation ?? 1,
      },
    };
  };
  // For as long as it takes them to count as available.
  const since = snapshot.now - (snapshot.rollout?.spec.minReadySeconds ?? 0) * 1_000;
  const pods = snapshot.pods?.map((pod) => ({
    ...pod,
    readySince: Math.min(pod.readySince ?? pod.createdAt, since),
  }));
  return {
    ...snapshot,
    replicaSets: snapshot.replicaSets.map(full),
    ...(pods === undefined ? {} : { pods }),
  };
}

function withGateOpen(snapshot: RolloutSnapshot, name: string | undefined): RolloutSnapshot {
  const analysisRuns = snapshot.analysisRuns.map((run) =>
    run.metadata.name === name
      ? {
          ...run,
          spec: { ...run.spec, terminate: false },
          status: { ...run.status, phase: 'Successful' as const },
        }
      : run,
  );
  return { ...snapshot, analysisRuns };
}
