/** What an AnalysisRun proves about the version that it measured. */

import type { AnalysisRun } from '../../api/analysis.ts';
import { hasEvidence } from '../analysis/evidence.ts';

/**
 * What a run has to say about its version. One that somebody ended before it could tell counts as Successful in its own
 * status; that is no evidence, so it is undecided here, and a person has the word (invariant 11).
 */
export function evidenceOf(run: AnalysisRun | undefined): string {
  const phase = run?.status?.phase ?? '';
  return phase === 'Successful' && run !== undefined && !hasEvidence(run) ? 'Inconclusive' : phase;
}
