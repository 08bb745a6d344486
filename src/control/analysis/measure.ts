/** Takes one measurement: secrets, provider, report. Runs off the worker. */

import type { KubeApi } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import type { MeasureIntent, MeasurementReport, UnresolvedReport } from '../../plan/analysis/plan.ts';
import { resolveMetrics } from '../../plan/analysis/resolve.ts';
import { afterCounting, samplesMetric, withSamples } from '../../plan/analysis/samples.ts';
import type { AnalysisRunObject, Metric } from '../../plan/analysis/types.ts';
import { parseTime } from '../../lang/time.ts';
import type {
  MeasurementOutcome,
  MeasureRequest,
  Provider,
  ProviderRegistry,
} from '../../providers/index.ts';
import type { Log } from '../controller.ts';
import { readSecretArgs, SecretMissing } from './secrets.ts';

export interface MeasureTools {
  readonly live: Pick<KubeApi, 'get'>;
  readonly clock: Clock;
  readonly providers: ProviderRegistry;
  readonly log: Log;
}

/** No provider may take longer; its own time-outs are far shorter. */
const MAX_MEASUREMENT_MS = 15 * 60_000;

/** Rejects only when `signal` ended it: everything else becomes a report. */
export async function takeMeasurement(
  run: AnalysisRunObject,
  intent: MeasureIntent,
  tools: MeasureTools,
  signal: AbortSignal,
): Promise<MeasurementReport | UnresolvedReport> {
  const { clock } = tools;
  const namespace = run.metadata.namespace ?? '';
  let secrets: Map<string, string>;
  try {
    secrets = await readSecretArgs(run.spec.args, namespace, tools.live, clock, signal);
  } catch (error) {
    if (error instanceof SecretMissing) return { unresolved: error.message };
    throw error;
  }
  const metric = metricOf(run, intent.metric, secrets);
  if ('error' in metric) return { unresolved: metric.error };

  const startedAt = clock.now();
  const provider = tools.providers.of(metric.resolved);
  const answer: MeasurementOutcome =
    'error' in provider
      ? { kind: 'error', message: provider.error }
      : await askWithSamples(provider, run, intent, metric.resolved, tools, signal);
  return {
    metric: intent.metric,
    action: intent.kind,
    resolved: metric.resolved,
    secrets: [...secrets.values()],
    startedAt,
    finishedAt: clock.now(),
    answer,
    metricMetadata: 'error' in provider ? undefined : provider.metadata?.(metric.resolved),
  };
}

/** The metric with its secrets. Plans name metrics as they are with placeholders in the place of secrets. */
function metricOf(
  run: AnalysisRunObject,
  name: string,
  secrets: ReadonlyMap<string, string>,
): { resolved: Metric } | { error: string } {
  const metrics = run.spec.metrics ?? [];
  const planned = resolveMetrics(metrics, run.spec.args);
  if ('error' in planned) return planned;
  const index = planned.metrics.findIndex((metric) => metric.name === name);
  const specified = metrics[index];
  if (specified === undefined) return { error: `the run has no metric '${name}'` };
  const resolved = resolveMetrics([specified], run.spec.args, (arg) => secrets.get(arg.name) ?? '');
  if ('error' in resolved) return resolved;
  const [metric] = resolved.metrics;
  return metric === undefined ? { error: `the run has no metric '${name}'` } : { resolved: metric };
}

/** First how many requests there are, where the metric asks for it: too few, and nothing is measured. */
async function askWithSamples(
  provider: Provider,
  run: AnalysisRunObject,
  intent: MeasureIntent,
  metric: Metric,
  tools: MeasureTools,
  signal: AbortSignal,
): Promise<MeasurementOutcome> {
  const counting = intent.kind === 'measure' ? samplesMetric(metric) : undefined;
  if (counting === undefined) return askProvider(provider, run, intent, metric, tools, signal);
  const counted = afterCounting(metric, await askProvider(provider, run, intent, counting, tools, signal));
  if ('instead' in counted) return counted.instead;
  return withSamples(await askProvider(provider, run, intent, metric, tools, signal), counted.samples);
}

async function askProvider(
  provider: Provider,
  run: AnalysisRunObject,
  intent: MeasureIntent,
  metric: Metric,
  tools: MeasureTools,
  signal: AbortSignal,
): Promise<MeasurementOutcome> {
  const limit = new AbortController();
  const onAbort = (): void => limit.abort(signal.reason);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  const request: MeasureRequest = {
    metric,
    run: {
      namespace: run.metadata.namespace ?? '',
      name: run.metadata.name,
      uid: run.metadata.uid ?? '',
      startedAt: parseTime(run.status?.startedAt),
    },
    taken: intent.taken,
    previous: intent.previous,
    signal: limit.signal,
  };
  const tooLong = new Promise<MeasurementOutcome>((resolve) => {
    const timer = tools.clock.setTimer(MAX_MEASUREMENT_MS, () => {
      limit.abort(new Error('the measurement took too long'));
      resolve({
        kind: 'error',
        message: `provider ${provider.type} gave no answer within ${MAX_MEASUREMENT_MS / 60_000} minutes`,
      });
    });
    limit.signal.addEventListener('abort', () => timer.cancel(), { once: true });
  });
  try {
    return await Promise.race([call(provider, intent.kind, request), tooLong]);
  } catch (error) {
    signal.throwIfAborted();
    const text = error instanceof Error ? error.message : String(error);
    // No stack and no text here: both could hold a secret; the report is redacted.
    tools.log.error(
      { metric: intent.metric, provider: provider.type },
      'provider threw instead of answering',
    );
    return { kind: 'error', message: `provider ${provider.type} failed: ${text}` };
  } finally {
    signal.removeEventListener('abort', onAbort);
    limit.abort();
  }
}

function call(
  provider: Provider,
  kind: MeasureIntent['kind'],
  request: MeasureRequest,
): Promise<MeasurementOutcome> {
  if (kind === 'measure') return provider.measure(request);
  const method = kind === 'resume' ? provider.resume : provider.terminate;
  if (method === undefined)
    return Promise.resolve({
      kind: 'error',
      message: `provider ${provider.type} has no measurement in progress to ${kind}`,
    });
  return method.call(provider, request);
}
