/** Everything that one look at an AnalysisRun needs, frozen. */

import { formatIssues } from '../../api/decode.ts';
import type { KubeObject } from '../../kube/api.ts';
import { keyOf } from '../../kube/api.ts';
import { ROLLOUT } from '../../kube/kinds.ts';
import { evidenceMode } from '../../plan/analysis/outcomes.ts';
import type { EvidenceMode } from '../../plan/analysis/outcomes.ts';
import type { AnalysisSnapshot } from '../../plan/analysis/plan.ts';
import { resolveMetrics } from '../../plan/analysis/resolve.ts';
import { lastMeasurement } from '../../plan/analysis/tasks.ts';
import { trafficOf } from '../../plan/analysis/traffic.ts';
import type { Traffic } from '../../plan/analysis/traffic.ts';
import { isCompleted } from '../../plan/analysis/types.ts';
import type { AnalysisRunObject } from '../../plan/analysis/types.ts';
import type { ProviderRegistry } from '../../providers/index.ts';
import type { Stores } from '../controller.ts';
import { controllerOf } from '../controller.ts';
import { decodeRun } from '../decode-run.ts';
import { decodeRollout } from '../rollout/decode.ts';
import type { MeasurementDesk } from './desk.ts';

interface Decoded {
  run: AnalysisRunObject;
  fault?: string;
}

/** Store objects are frozen and replaced when they change, so each one is decoded once. */
const decoded = new WeakMap<KubeObject, Decoded>();

export interface GatherTools {
  /** Without it (dry runs, the CLI) nothing is in flight and nothing has been reported. */
  readonly desk?: MeasurementDesk | undefined;
  /** Without them nothing is known to have ended before it is asked again. */
  readonly providers?: ProviderRegistry | undefined;
  /** Without them nothing is known of traffic. */
  readonly stores?: Stores | undefined;
  /** `--evidence`, for runs that say nothing themselves. */
  readonly evidence?: EvidenceMode | undefined;
}

export function gatherAnalysisRun(
  object: KubeObject,
  now: number,
  { desk, providers, stores, evidence = 'stock' }: GatherTools = {},
): AnalysisSnapshot {
  const { run, fault } = readRun(object);
  const key = keyOf(object.metadata);
  const uid = object.metadata.uid ?? '';
  return {
    run,
    now,
    reports: desk?.reports(key, uid) ?? [],
    inFlight: desk?.inFlight(key, uid) ?? new Set(),
    openedAt: desk?.openedAt(key, uid),
    settled: providers === undefined ? new Set() : settledMetrics(run, providers),
    mode: evidenceMode(run, evidence),
    traffic: stores === undefined ? undefined : ownersTraffic(object, run, stores),
    ...(fault === undefined ? {} : { fault }),
  };
}

/** Only where a metric waits for it. */
function ownersTraffic(object: KubeObject, run: AnalysisRunObject, stores: Stores): Traffic | undefined {
  if (run.spec.metrics?.some(({ evidence }) => evidence?.waitForTraffic === true) !== true) return undefined;
  const owner = controllerOf(object);
  if (owner?.kind !== ROLLOUT.kind) return undefined;
  const { namespace } = object.metadata;
  const rollout = stores.of(ROLLOUT).get(keyOf({ namespace, name: owner.name }));
  const decoded = rollout?.metadata.uid === owner.uid ? decodeRollout(rollout) : undefined;
  return decoded?.ok === true ? trafficOf(decoded.value, object.metadata.labels) : undefined;
}

/** Metrics whose measurement in progress has ended at its provider, as events have told. */
function settledMetrics(run: AnalysisRunObject, providers: ProviderRegistry): ReadonlySet<string> {
  const settled = new Set<string>();
  const pending = (run.status?.metricResults ?? []).flatMap((result) => {
    const previous = lastMeasurement(result);
    const waits = previous !== undefined && previous.finishedAt === undefined;
    return waits && !isCompleted(result.phase) ? [{ name: result.name, previous }] : [];
  });
  if (pending.length === 0 || isCompleted(run.status?.phase)) return settled;
  const resolved = resolveMetrics(run.spec.metrics ?? [], run.spec.args);
  if ('error' in resolved) return settled;
  const { name, namespace = '', uid = '' } = run.metadata;
  for (const measured of pending) {
    const metric = resolved.metrics.find((each) => each.name === measured.name);
    const provider = metric === undefined ? undefined : providers.of(metric);
    if (provider === undefined || 'error' in provider) continue;
    if (provider.settled?.({ run: { name, namespace, uid }, previous: measured.previous }) === true)
      settled.add(measured.name);
  }
  return settled;
}

/** A run that another CRD let through with fields of the wrong type is refused by the plan, with the fault. */
function readRun(object: KubeObject): Decoded {
  const known = decoded.get(object);
  if (known !== undefined) return known;
  const read = decodeRun(object);
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
