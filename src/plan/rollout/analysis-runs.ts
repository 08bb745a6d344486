/** AnalysisRuns of a Rollout (spec 05 section 9): those of a canary, and what those of every strategy have in common. */

import type { AnalysisRun, Metric } from '../../api/analysis.ts';
import type { RolloutAnalysis } from '../../api/analysis-args.ts';
import type { RolloutAnalysisRunStatus, RolloutStatus } from '../../api/rollout.ts';
import type { AnalysisRunManifest, BuiltRunSpec, RolloutAnalysisType } from '../analysis/build.ts';
import {
  ATTEMPT_ANNOTATION,
  buildRunSpec,
  collectTemplates,
  collisionName,
  effectiveCount,
  isSameRun,
  newAnalysisRun,
  resolveMetrics,
  resolveRolloutArgs,
  REVISION_ANNOTATION,
  rolloutRunLabels,
  rolloutRunName,
} from '../analysis/build.ts';
import { consecutiveSuccessLimit } from '../analysis/limits.ts';
import { EVIDENCE_ANNOTATION, inheritedMode } from '../analysis/outcomes.ts';
import { isCompleted } from '../analysis/types.ts';
import { currentStep } from './canary/course.ts';
import { conditionOf } from './conditions.ts';
import { evidenceOf } from '../analysis/evidence.ts';
import type { RunFailure } from './intents.ts';
import type { Progress } from './progress.ts';
import { BLUE_GREEN_PAUSE, INCONCLUSIVE_RUN, isInconclusive, isPromoted, PAUSE_STEP } from './progress.ts';
import { isWithinRollbackWindow } from './rollback-window.ts';
import type { Situation } from './situation.ts';
import { strategyOf, templatesOf, stableHashOf, pausesOf, stepIndexOf } from './defaults.ts';
import { hashOf, uidOf } from './replica-set.ts';

type Kind = RolloutAnalysisType;

/** The runs that the stored status names, as they are now. */
export interface CurrentRuns {
  readonly step: AnalysisRun | undefined;
  readonly background: AnalysisRun | undefined;
}

export function currentRuns(s: Situation): CurrentRuns {
  const { currentStepAnalysisRunStatus: step, currentBackgroundAnalysisRunStatus: background } =
    s.old.canary ?? {};
  const index = String(stepIndexOf(s.old));
  const stepRun = findRun(s, step?.name);
  return {
    // A run of a step that someone skipped judges nothing any more.
    step: stepRun?.metadata.labels?.['step-index'] === index ? stepRun : undefined,
    background: findRun(s, background?.name),
  };
}

/** Bound to its revision: a run of another one is not ours to listen to. */
export function findRun(
  s: Pick<Situation, 'snapshot' | 'revisions'>,
  name: string | undefined,
): AnalysisRun | undefined {
  if (name === undefined || name === '') return undefined;
  return s.snapshot.analysisRuns.find(
    (run) => run.metadata.name === name && hashOf(run) === s.revisions.hash,
  );
}

export interface RunVerdict {
  /** Message of the abort. */
  readonly failed: string | undefined;
  /** Name of the run. */
  readonly inconclusive: string | undefined;
}

export const runVerdict = (runs: CurrentRuns): RunVerdict =>
  verdictOf([
    [runs.step, 'Step-based analysis phase error/failed'],
    [runs.background, 'Background analysis phase error/failed'],
  ]);

/** Of runs, each with the message of the abort that its failure means. */
export function verdictOf(list: readonly (readonly [AnalysisRun | undefined, string])[]): RunVerdict {
  let failed: string | undefined;
  let inconclusive: string | undefined;
  for (const [run, text] of list) {
    const phase = evidenceOf(run);
    const message = run?.status?.message ?? '';
    if (phase === 'Failed' || phase === 'Error') failed ??= message === '' ? text : `${text}: ${message}`;
    if (phase === 'Inconclusive') inconclusive ??= run?.metadata.name;
  }
  return { failed, inconclusive };
}

export interface RunStatuses {
  readonly step: RolloutAnalysisRunStatus | undefined;
  readonly background: RolloutAnalysisRunStatus | undefined;
}

/** Starts, keeps and ends runs; gives what the status says of them. `before` is the progress that the pass began with. */
export function planRuns(s: Situation, before: Progress, p: Progress, runs: CurrentRuns): RunStatuses {
  const active =
    p.stableHash !== '' && !p.reset && !isPromoted(s, p) && !p.promoteFull && !isWithinRollbackWindow(s);
  // What ended the update is on record in the status of the abort, and gone after it.
  const judged = p.abortedNow && p.abortMessage !== '';
  const statuses: RunStatuses =
    active && (!p.abort || judged)
      ? {
          step: p.advanced ? undefined : planRun(s, before, p, 'Step', runs.step),
          background: planRun(s, before, p, 'Background', runs.background),
        }
      : { step: undefined, background: undefined };
  const kept = new Set([statuses.step?.name, statuses.background?.name]);
  for (const run of s.snapshot.analysisRuns) {
    if (p.abort || !kept.has(run.metadata.name)) terminate(s, run);
  }
  return statuses;
}

/** Events of the phases that the stored status does not know yet. */
export function recordRunChanges(s: Situation, runs: CurrentRuns): void {
  const { currentStepAnalysisRunStatus: step, currentBackgroundAnalysisRunStatus: background } =
    s.old.canary ?? {};
  recordRunChange(s, 'Step', runs.step, step);
  recordRunChange(s, 'Background', runs.background, background);
}

export function recordRunChange(
  s: Situation,
  kind: Kind,
  run: AnalysisRun | undefined,
  recorded: RolloutAnalysisRunStatus | undefined,
): void {
  const phase = run?.status?.phase ?? '';
  const before = recorded?.status ?? '';
  if (run === undefined || phase === '' || phase === before) return;
  const bad = phase === 'Failed' || phase === 'Error';
  s.draft.event(
    bad ? 'Warning' : 'Normal',
    `AnalysisRun${phase}`,
    `${kind} Analysis Run '${run.metadata.name}' Status New: '${phase}' Previous: '${before}'`,
  );
}

function planRun(
  s: Situation,
  before: Progress,
  p: Progress,
  kind: Kind,
  run: AnalysisRun | undefined,
): RolloutAnalysisRunStatus | undefined {
  const place = placeOf(s, before, kind);
  if (place === undefined) return undefined;
  if (!needsRun(s, p, run)) return run === undefined ? undefined : statusOf(run);
  return startRun(s, kind, place.analysis, place.index);
}

/** The analysis that should run now, by the step that is on record. */
function placeOf(
  s: Situation,
  before: Progress,
  kind: Kind,
): { analysis: RolloutAnalysis; index: number } | undefined {
  const { index, step } = currentStep({ strategy: s.strategy, stepIndex: before.stepIndex });
  const at = index ?? 0;
  if (kind === 'Step')
    return hasTemplates(step?.analysis) ? { analysis: step.analysis, index: at } : undefined;
  const { analysis } = s.strategy;
  return hasTemplates(analysis) && at >= (analysis.startingStep ?? 0) ? { analysis, index: at } : undefined;
}

export const hasTemplates = <A extends RolloutAnalysis>(analysis: A | undefined): analysis is A =>
  analysis !== undefined && templatesOf(analysis).length > 0;

/** Spec 05 section 9.2. A pause for a decision starts nothing new; an abort neither. */
function needsRun(s: Situation, p: Progress, run: AnalysisRun | undefined): boolean {
  if (p.abort || isInconclusive(p)) return false;
  if (run === undefined) return true;
  // While spec.paused holds the resume stays on record, and each new run would be resumed from again.
  if (resumedByUser(s.old)) return s.rollout.spec.paused !== true && evidenceOf(run) === 'Inconclusive';
  return s.old.abortedAt !== undefined && s.old.abort !== true;
}

function resumedByUser(old: RolloutStatus): boolean {
  const reasons = pausesOf(old).map((pause) => pause.reason);
  return (
    old.controllerPause === true &&
    ![PAUSE_STEP, BLUE_GREEN_PAUSE, INCONCLUSIVE_RUN].some((reason) => reasons.includes(reason))
  );
}

/** An inconclusive run that someone resumed from has had its say. */
export const wasResumed = (s: Situation): boolean => resumedByUser(s.old);

/** Starts a run, or takes up the one that was started already. Undefined: it can't be built. */
export function startRun(
  s: Situation,
  kind: Kind,
  analysis: RolloutAnalysis,
  index = 0,
): RolloutAnalysisRunStatus | undefined {
  const built = manifest(s, kind, analysis, index);
  const base = runName(s, kind, index);
  // Where a template was broken since: only a run that this attempt has started already.
  const spec = 'error' in built ? undefined : built.object.spec;
  const wanted = { ownerUid: uidOf(s.rollout), spec, attempt: attemptOf(s) };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const name = attempt === 0 ? base : collisionName(base, attempt);
    const existing = s.snapshot.analysisRuns.find((run) => run.metadata.name === name);
    if (existing !== undefined) {
      const heard = isCompleted(existing.status?.phase) && namesRun(s, name);
      if (!heard && isSameRun(existing, wanted) && existing.spec.terminate !== true)
        return statusOf(existing);
      continue;
    }
    if ('error' in built) {
      recordFailure(s, kind, 'AnalysisRunInvalid', built.error);
      return undefined;
    }
    const { object } = built;
    const key = `run/${name}`;
    const failure = s.snapshot.failed.find((item) => item.key === key);
    if (failure?.reason === 'AlreadyExists') continue;
    if (failure !== undefined) {
      recordFailure(s, kind, 'AnalysisRunCreateError', failure.message);
      return undefined;
    }
    s.draft.intend({
      kind: 'createAnalysisRun',
      key,
      wave: 'objects',
      object: { ...object, metadata: { ...object.metadata, name } },
    });
    s.draft.note('analysis.start', `${kind} AnalysisRun ${name} starts`);
    return { name, status: '' };
  }
  return undefined;
}

/**
 * Every status that is written after the start of a run names it: until then the last progress on record stays what it
 * is. It is a whole second, in which somebody may have edited the steps: what was measured for others proves nothing.
 * Without steps only a retry begins anew, and so a switch that another leader undoes for a moment is none.
 */
function attemptOf(s: Situation): string | undefined {
  const progressing = conditionOf(s.old, 'Progressing');
  if (strategyOf(s.rollout).blueGreen !== undefined) return progressing?.lastTransitionTime;
  const { lastUpdateTime } = progressing ?? {};
  return lastUpdateTime === undefined ? undefined : `${lastUpdateTime} ${s.old.currentStepHash ?? ''}`.trim();
}

/** Whether the stored status names this run: what it said has been heard. */
const namesRun = ({ old: { canary, blueGreen } }: Situation, name: string): boolean =>
  [
    canary?.currentStepAnalysisRunStatus,
    canary?.currentBackgroundAnalysisRunStatus,
    blueGreen?.prePromotionAnalysisRunStatus,
    blueGreen?.postPromotionAnalysisRunStatus,
  ].some((named) => named?.name === name);

/** The Event comes with the condition, and not with each pass that it lasts. */
function recordFailure(s: Situation, kind: Kind, reason: RunFailure['reason'], cause: string): void {
  const message = `Cannot create the ${kind} AnalysisRun: ${cause}`;
  s.draft.note('analysis.error', message);
  s.draft.runFailure = { reason, message };
  if (conditionOf(s.old, 'AnalysisRunFailure')?.message !== message)
    s.draft.event('Warning', 'AnalysisRunError', message);
}

/** So many runs of one step: someone retries without end; the history limits will have cleared names by then. */
const MAX_ATTEMPTS = 1000;

const INFIX = { Background: '', PrePromotion: 'pre', PostPromotion: 'post' } as const;

const runName = ({ rollout, revisions }: Situation, kind: Kind, index: number): string =>
  rolloutRunName(
    rollout.metadata.name,
    revisions.hash,
    revisions.revision,
    kind === 'Step' ? String(index) : INFIX[kind],
  );

/** The run that an analysis asks for, under its first name. */
export function manifest(
  s: Situation,
  kind: Kind,
  analysis: RolloutAnalysis,
  index: number,
): { object: AnalysisRunManifest } | { error: string } {
  const { rollout, snapshot, revisions } = s;
  const found = collectTemplates(templatesOf(analysis), {
    template: (name) => snapshot.templates.find((template) => template.metadata.name === name),
    clusterTemplate: (name) => snapshot.clusterTemplates.find((template) => template.metadata.name === name),
  });
  if ('error' in found) return { error: found.error };
  const resolved = resolveRolloutArgs(analysis.args, rollout, {
    latestHash: revisions.hash,
    stableHash: stableHashOf(s.old),
  });
  if ('error' in resolved) return resolved;
  const built = buildRunSpec({
    templates: found.templates,
    clusterTemplates: found.clusterTemplates,
    args: resolved.args,
    dryRun: analysis.dryRun,
    measurementRetention: analysis.measurementRetention,
  });
  if ('error' in built) return built;
  const endless = kind === 'Background' ? undefined : endlessMetric(built.spec);
  if (endless !== undefined)
    return { error: `metric ${endless.name} runs indefinitely. Invalid value for count: ${endless.count}` };
  const metadata = analysis.analysisRunMetadata;
  const attempt = attemptOf(s);
  const mode = inheritedMode([rollout, ...found.templates, ...found.clusterTemplates]);
  return {
    object: newAnalysisRun({
      name: runName(s, kind, index),
      owner: rollout,
      labels: rolloutRunLabels({
        rolloutLabels: rollout.metadata.labels,
        hash: revisions.hash,
        type: kind,
        stepIndex: kind === 'Step' ? index : undefined,
        metadataLabels: metadata?.labels,
        matchLabels: rollout.spec.selector?.matchLabels,
      }),
      annotations: {
        ...(mode === undefined ? {} : { [EVIDENCE_ANNOTATION]: mode }),
        ...metadata?.annotations,
        ...(attempt === undefined ? {} : { [ATTEMPT_ANNOTATION]: attempt }),
        [REVISION_ANNOTATION]: String(revisions.revision),
      },
      spec: built.spec,
    }),
  };
}

/** By the arguments that came with the run: the release would wait for it for ever. */
function endlessMetric({ metrics, args = [] }: BuiltRunSpec): Metric | undefined {
  const resolved = resolveMetrics(metrics, args);
  if ('error' in resolved) return undefined;
  return resolved.metrics.find(
    (metric) =>
      effectiveCount(metric) === undefined &&
      consecutiveSuccessLimit(metric) === 0 &&
      // In a Secret, which only the run itself may read.
      !String(metric.count).includes('{{'),
  );
}

export function statusOf(run: AnalysisRun): RolloutAnalysisRunStatus {
  const message = run.status?.message ?? '';
  return {
    name: run.metadata.name,
    status: run.status?.phase ?? '',
    ...(message === '' ? {} : { message }),
  };
}

export function terminate(s: Situation, run: AnalysisRun): void {
  if (isCompleted(run.status?.phase) || run.spec.terminate === true) return;
  if (run.metadata.deletionTimestamp !== undefined) return;
  const { name, uid } = run.metadata;
  s.draft.intend({
    kind: 'terminateAnalysisRun',
    key: `terminate/${name}`,
    wave: 'cleanup',
    target: { name, uid },
  });
  s.draft.note('analysis.end', `AnalysisRun ${name} is no longer wanted`);
}
