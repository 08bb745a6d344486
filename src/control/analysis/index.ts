/** The controller of AnalysisRuns (spec 05 section 3). */

import { keyOf } from '../../kube/api.ts';
import type { ResourceType } from '../../kube/api.ts';
import { ANALYSIS_RUN, ROLLOUT } from '../../kube/kinds.ts';
import { INSTANCE_ID_LABEL } from '../../plan/analysis/run-object.ts';
import type { EvidenceMode } from '../../plan/analysis/outcomes.ts';
import { planAnalysisRun } from '../../plan/analysis/plan.ts';
import { createProviders } from '../../providers/index.ts';
import type { HttpClient } from '../../providers/http/types.ts';
import type { PluginEndpoint } from '../../providers/plugin/endpoints.ts';
import type { ProviderRegistry } from '../../providers/index.ts';
import type { ProviderContext } from '../../providers/types.ts';
import type { ControlContext, Controller, ReconcileResult } from '../controller.ts';
import { applyAnalysisPlan } from './apply.ts';
import { MeasurementDesk } from './desk.ts';
import { gatherAnalysisRun } from './gather.ts';
import { createJobClient, JOB_INFORMERS, JOB_WATCHES } from './jobs.ts';
import { createSecretReader } from './secrets.ts';

export { analysisRunSamples, analysisTemplateSamples } from './metrics.ts';
export type { MetricSample } from './metrics.ts';

export interface AnalysisDependencies {
  readonly http: HttpClient;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads the disk when absent. */
  readonly readFile?: ProviderContext['readFile'];
  /** Metric plugins by name. */
  readonly plugins?: ReadonlyMap<string, PluginEndpoint> | undefined;
  /** Replaces the built-in providers. */
  readonly providers?: ProviderRegistry | undefined;
  /** `--evidence`: the mode of runs that name none. */
  readonly evidence?: EvidenceMode | undefined;
  /** `--analysis-threads`. Workers only plan and write; measurements run beside them. */
  readonly workers?: number | undefined;
}

/** Only while nobody attached a wake-up: how often a run with measurements in flight is looked at. */
const POLL_MS = 250;
const DEFAULT_WORKERS = 30;

export function analysisController(context: ControlContext, deps: AnalysisDependencies): Controller {
  const jobs = createJobClient(context);
  const providers =
    deps.providers ??
    createProviders({
      http: deps.http,
      clock: context.clock,
      env: deps.env,
      readFile: deps.readFile,
      jobs,
      secrets: createSecretReader(context),
      plugins: deps.plugins,
    });
  let wake: ((key: string) => void) | undefined;
  const desk = new MeasurementDesk((key) => wake?.(key));
  const tools = { context, desk, providers };

  return {
    name: 'AnalysisRuns',
    workers: deps.workers ?? DEFAULT_WORKERS,
    informers: [
      { type: ANALYSIS_RUN, labelSelector: instanceSelector(context.instanceId) },
      // Tells whether the version that is judged gets traffic.
      { type: ROLLOUT, labelSelector: instanceSelector(context.instanceId) },
      ...JOB_INFORMERS,
    ],
    watches: [{ type: ANALYSIS_RUN, wakes: ({ key }) => [key] }, ...JOB_WATCHES],
    attach(wakeKey, signal) {
      wake = wakeKey;
      signal.addEventListener('abort', () => desk.closeAll(), { once: true });
    },
    async reconcile(key, signal) {
      const run = context.stores.of(ANALYSIS_RUN as ResourceType).get(key);
      if (run === undefined || run.metadata.deletionTimestamp !== undefined) {
        desk.close(key);
        return {};
      }
      const snapshot = gatherAnalysisRun(run, context.clock.now(), {
        ...tools,
        stores: context.stores,
        evidence: deps.evidence,
      });
      const plan = planAnalysisRun(snapshot);
      if (plan.notes.length > 0)
        context.log.debug({ analysisrun: keyOf(run.metadata), notes: plan.notes }, 'analysis planned');
      const result = await applyAnalysisPlan(run, snapshot, plan, tools, signal);
      return wake === undefined ? polled(result, desk, key, run.metadata.uid ?? '', context) : result;
    },
  };
}

/** Runs of other instances are not ours, and neither are labelled ones when we have no id (spec 08 section 3). */
export function instanceSelector(instanceId: string): string {
  return instanceId === '' ? `!${INSTANCE_ID_LABEL}` : `${INSTANCE_ID_LABEL}=${instanceId}`;
}

function polled(
  result: ReconcileResult,
  desk: MeasurementDesk,
  key: string,
  uid: string,
  context: ControlContext,
): ReconcileResult {
  if (desk.inFlight(key, uid).size === 0 && desk.reports(key, uid).length === 0) return result;
  const poll = context.clock.now() + POLL_MS;
  return { ...result, requeueAt: Math.min(result.requeueAt ?? poll, poll) };
}
