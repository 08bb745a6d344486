/** Old ReplicaSets and runs that nobody needs any more (spec 02 section 7, 05 section 9.5). */

import type { AnalysisRun } from '../../api/analysis.ts';
import { isCompleted } from '../analysis/types.ts';
import { revisionHistoryLimit } from './defaults.ts';
import { countsOf, createdAt, hashOf, isObserved } from './replica-set.ts';
import type { Situation } from './situation.ts';

const DEFAULT_RUN_LIMIT = 5;

export function planHistory(s: Situation, currentRuns: ReadonlySet<string>): void {
  const gone = planReplicaSetHistory(s);
  planRunHistory(s, currentRuns, gone);
}

/** The oldest beyond the limit, as far as they are empty and settled. Gives the hashes that go. */
function planReplicaSetHistory(s: Situation): ReadonlySet<string> {
  const gone = new Set<string>();
  const candidates = s.revisions.others.filter((rs) => rs.metadata.deletionTimestamp === undefined);
  const surplus = candidates.length - revisionHistoryLimit(s.rollout.spec);
  if (surplus <= 0) return gone;
  for (const rs of candidates.slice(0, surplus)) {
    const counts = countsOf(rs);
    if (counts.size !== 0 || counts.created !== 0 || !isObserved(rs)) continue;
    const { name, uid, resourceVersion } = rs.metadata;
    gone.add(hashOf(rs));
    s.draft.intend({
      kind: 'deleteReplicaSet',
      key: `delete/${name}`,
      wave: 'cleanup',
      target: { name, uid, resourceVersion },
    });
    s.draft.note('history.replicaset', `ReplicaSet ${name} is beyond revisionHistoryLimit`);
  }
  return gone;
}

/** Runs without a ReplicaSet go; of the others the newest of each outcome stay. Running ones always stay. */
function planRunHistory(s: Situation, current: ReadonlySet<string>, gone: ReadonlySet<string>): void {
  const limits = s.rollout.spec.analysis;
  const left = {
    good: limits?.successfulRunHistoryLimit ?? DEFAULT_RUN_LIMIT,
    bad: limits?.unsuccessfulRunHistoryLimit ?? DEFAULT_RUN_LIMIT,
  };
  const alive = new Set(
    s.revisions.all
      .filter((rs) => rs.metadata.deletionTimestamp === undefined && !gone.has(hashOf(rs)))
      .map(hashOf),
  );
  alive.add(s.revisions.hash);
  const runs = s.snapshot.analysisRuns
    .filter((run) => !current.has(run.metadata.name) && run.metadata.deletionTimestamp === undefined)
    .toSorted((a, b) => createdAt(b) - createdAt(a));
  for (const run of runs) {
    const hash = hashOf(run);
    if (!alive.has(hash)) {
      deleteRun(s, run, 'its ReplicaSet is gone');
    } else if (isCompleted(run.status?.phase)) {
      const outcome = run.status?.phase === 'Successful' ? 'good' : 'bad';
      if (left[outcome] > 0) left[outcome]--;
      else deleteRun(s, run, 'it is beyond the history limit');
    }
  }
}

function deleteRun(s: Situation, run: AnalysisRun, why: string): void {
  const { name, uid } = run.metadata;
  s.draft.intend({
    kind: 'deleteAnalysisRun',
    key: `delete/run/${name}`,
    wave: 'cleanup',
    target: { name, uid },
  });
  s.draft.note('history.run', `AnalysisRun ${name} is deleted: ${why}`);
}
