/** Everything that one look at an AnalysisRun needs, frozen. */

import { analysisRunSchema } from '../../api/analysis.ts';
import { decode, formatIssues } from '../../api/decode.ts';
import type { KubeObject } from '../../kube/api.ts';
import { keyOf } from '../../kube/api.ts';
import type { AnalysisSnapshot } from '../../plan/analysis/plan.ts';
import type { AnalysisRunObject } from '../../plan/analysis/types.ts';
import type { MeasurementDesk } from './desk.ts';

interface Decoded {
  run: AnalysisRunObject;
  fault?: string;
}

/** Store objects are frozen and replaced when they change, so each one is decoded once. */
const decoded = new WeakMap<KubeObject, Decoded>();

/** Without a desk (dry runs, the CLI) nothing is in flight and nothing has been reported. */
export function gatherAnalysisRun(object: KubeObject, now: number, desk?: MeasurementDesk): AnalysisSnapshot {
  const { run, fault } = readRun(object);
  const key = keyOf(object.metadata);
  const uid = object.metadata.uid ?? '';
  return {
    run,
    now,
    reports: desk?.reports(key, uid) ?? [],
    inFlight: desk?.inFlight(key, uid) ?? new Set(),
    openedAt: desk?.openedAt(key, uid),
    ...(fault === undefined ? {} : { fault }),
  };
}

/** A run that another CRD let through with fields of the wrong type is refused by the plan, with the fault. */
function readRun(object: KubeObject): Decoded {
  const known = decoded.get(object);
  if (known !== undefined) return known;
  const read = decode(analysisRunSchema, object);
  const result: Decoded = read.ok
    ? { run: read.value }
    : {
        run: { metadata: object.metadata, spec: { metrics: [] }, status: statusOf(object) },
        fault: formatIssues(read.issues),
      };
  decoded.set(object, result);
  return result;
}

/** What of an unreadable object's status the plan needs: whether it is over already. */
function statusOf(object: KubeObject): AnalysisRunObject['status'] {
  const status = object['status'];
  if (typeof status !== 'object' || status === null || !('phase' in status)) return undefined;
  return typeof status.phase === 'string' ? { phase: status.phase } : undefined;
}
