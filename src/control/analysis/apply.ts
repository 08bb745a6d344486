/** Carries out a plan: the verdict first, then everything else. */

import type { JsonObject } from '../../lang/json.ts';
import { createMergePatch } from '../../lang/patch/merge.ts';
import { isConflict, isNotFound, keyOf } from '../../kube/api.ts';
import type { KubeObject } from '../../kube/api.ts';
import { ANALYSIS_RUN } from '../../kube/kinds.ts';
import type { AnalysisPlan, AnalysisSnapshot } from '../../plan/analysis/plan.ts';
import { isCompleted } from '../../plan/analysis/types.ts';
import type { ControlContext, ReconcileResult } from '../controller.ts';
import type { MeasurementDesk } from './desk.ts';
import { takeMeasurement } from './measure.ts';
import type { ProviderRegistry } from '../../providers/index.ts';

export interface ApplyTools {
  readonly context: ControlContext;
  readonly desk: MeasurementDesk;
  readonly providers: ProviderRegistry;
}

export async function applyAnalysisPlan(
  object: KubeObject,
  snapshot: AnalysisSnapshot,
  plan: AnalysisPlan,
  tools: ApplyTools,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { context, desk } = tools;
  const key = keyOf(object.metadata);
  const uid = object.metadata.uid ?? '';

  // Recording does not wait, so it holds up no verdict.
  for (const event of plan.events)
    if (desk.announce(key, uid, `${event.reason} ${event.message}`)) context.events.record(object, event);
  if (plan.status !== undefined) {
    const written = await writeStatus(object, plan.status, context, signal);
    if (written === 'changed meanwhile') return { retry: true };
    if (written === 'gone') {
      desk.close(key);
      return {};
    }
  }
  if (plan.consumed) desk.consume(key, uid, snapshot.reports);

  for (const intent of plan.intents) {
    switch (intent.kind) {
      case 'measure':
      case 'resume':
      case 'terminate':
        desk.start(key, uid, intent.metric, snapshot.now, (stop) =>
          takeMeasurement(
            snapshot.run,
            intent,
            { ...tools, live: context.live, clock: context.clock, log: logOf(context, object) },
            stop,
          ),
        );
        break;
      case 'abandon':
        desk.stop(key);
        break;
      case 'collect':
        collect(object, snapshot, intent.metric, intent.limit, tools);
        break;
      case 'delete':
        await deleteRun(object, context, signal);
        desk.close(key);
        return {};
    }
  }
  if (isCompleted((plan.status ?? snapshot.run.status)?.phase)) desk.close(key);
  return plan.requeueAt === undefined ? {} : { requeueAt: plan.requeueAt };
}

/** Only changed keys, and only onto the version that was looked at. */
async function writeStatus(
  object: KubeObject,
  status: AnalysisPlan['status'] & object,
  context: ControlContext,
  signal: AbortSignal,
): Promise<'written' | 'changed meanwhile' | 'gone'> {
  const before = typeof object['status'] === 'object' && object['status'] !== null ? object['status'] : {};
  const patch = createMergePatch(before as JsonObject, status as unknown as JsonObject);
  if (patch === undefined) return 'written';
  const { name, namespace, resourceVersion } = object.metadata;
  const body: JsonObject = { status: patch };
  if (resourceVersion !== undefined) body['metadata'] = { resourceVersion };
  try {
    await context.writer.patch(
      ANALYSIS_RUN,
      { namespace, name },
      { type: 'merge', body },
      { signal, priority: isCompleted(status.phase) ? 'high' : 'normal' },
    );
    return 'written';
  } catch (error) {
    if (isConflict(error)) return 'changed meanwhile';
    if (isNotFound(error)) return 'gone';
    throw error;
  }
}

async function deleteRun(object: KubeObject, context: ControlContext, signal: AbortSignal): Promise<void> {
  const { name, namespace, uid } = object.metadata;
  try {
    await context.writer.delete(
      ANALYSIS_RUN,
      { namespace, name },
      { signal, priority: 'low', propagationPolicy: 'Background', preconditions: { uid } },
    );
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** Off the worker, best effort: what is left over is found again with the next measurement. */
function collect(
  object: KubeObject,
  snapshot: AnalysisSnapshot,
  metricName: string,
  keep: number,
  { context, providers }: ApplyTools,
): void {
  const metric = snapshot.run.spec.metrics?.find(({ name }) => name === metricName);
  const provider = metric === undefined ? undefined : providers.of(metric);
  if (provider === undefined || 'error' in provider || provider.garbageCollect === undefined) return;
  const { name, namespace, uid } = object.metadata;
  provider
    .garbageCollect({
      run: { name, namespace: namespace ?? '', uid: uid ?? '' },
      keep,
      signal: AbortSignal.timeout(60_000),
    })
    .catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      logOf(context, object).warn(
        { metric: metricName, error: text },
        'old measurements were not cleared up',
      );
    });
}

const logOf = (context: ControlContext, object: KubeObject) =>
  context.log.child({ analysisrun: object.metadata.name, namespace: object.metadata.namespace });
