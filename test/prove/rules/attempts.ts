/** Attempts of an update and the AnalysisRuns of each: shared by the rules about verdicts and evidence. */

import type { KubeObject } from '../../../src/kube/api.ts';
import { at, beside, HASH, hashOf, listAt, numberAt, ownerOf, textAt } from './read.ts';
import type { Change } from './types.ts';

export interface Run {
  readonly key: string;
  /** Key of the Rollout. */
  readonly rollout: string;
  readonly hash: string | undefined;
  /** `Step`, `Background`, `PrePromotion`, `PostPromotion`. */
  readonly type: string | undefined;
  readonly stepIndex: number | undefined;
  readonly createdAt: number;
  phase: string;
  completedAt: number | undefined;
  /** Somebody ended it before the metrics that count had come to their own ends. */
  terminated: boolean;
}

export const isCompletedPhase = (phase: string): boolean =>
  ['Successful', 'Failed', 'Error', 'Inconclusive'].includes(phase);

export const isBadPhase = (phase: string): boolean => phase === 'Failed' || phase === 'Error';

export class Attempts {
  /** By the key of the AnalysisRun; also those that are gone. */
  readonly runs = new Map<string, Run>();
  readonly #startedAt = new Map<string, number>();

  /** When the attempt under way began: a new version, other steps, or a retry. */
  startedAt(rollout: string): number {
    return this.#startedAt.get(rollout) ?? -Infinity;
  }

  take(change: Change): void {
    if (change.kind === 'Rollout') this.#rollout(change);
    if (change.kind === 'AnalysisRun') this.#run(change);
  }

  /** Of one version, since the attempt began. */
  *ofAttempt(rollout: string, hash: string, type: string, stepIndex?: number): Generator<Run> {
    const since = this.startedAt(rollout);
    for (const run of this.runs.values())
      if (run.rollout === rollout && run.hash === hash && run.type === type && run.createdAt >= since)
        if (stepIndex === undefined || run.stepIndex === stepIndex) yield run;
  }

  #rollout({ key, before, after, at: when }: Change): void {
    if (before === undefined || after === undefined) return;
    const field = (object: KubeObject, name: string): unknown => at(object, 'status', name);
    const other = ['currentPodHash', 'currentStepHash'].some(
      (name) => field(before, name) !== field(after, name),
    );
    // An abort that is taken back before anybody has heard of it leaves the attempt as it was.
    const retried =
      field(before, 'abort') === true &&
      field(after, 'abort') !== true &&
      field(before, 'abortedAt') !== undefined;
    if (other || retried) this.#startedAt.set(key, when);
  }

  #run({ key, after, verb, at: when }: Change): void {
    if (after === undefined) return;
    const owner = ownerOf(after, 'Rollout');
    if (owner === undefined) return;
    const index = after.metadata.labels?.['step-index'];
    // A name comes again when the run that had it is gone.
    const known = verb === 'create' ? undefined : this.runs.get(key);
    const run: Run = known ?? {
      key,
      rollout: beside(key, owner.name),
      hash: hashOf(after),
      type: after.metadata.labels?.['rollout-type'],
      stepIndex: index === undefined ? undefined : Number(index),
      createdAt: when,
      phase: '',
      completedAt: undefined,
      terminated: false,
    };
    this.runs.set(key, run);
    const phase = textAt(after, 'status', 'phase') ?? '';
    if (run.completedAt === undefined && isCompletedPhase(phase)) run.completedAt = when;
    run.phase = phase;
    if (at(after, 'spec', 'terminate') === true && run.completedAt === undefined && !hasProved(after))
      run.terminated = true;
    // The last answers were on their way when somebody ended it: it has all that it was to measure.
    if (run.completedAt === when && hasMeasured(after)) run.terminated = false;
  }
}

/** Every metric that counts is Successful: only those that run dry are still measured. */
function hasProved(run: KubeObject): boolean {
  const names = listAt(run, 'spec', 'metrics').map((metric) => textAt(metric, 'name'));
  const results = listAt(run, 'status', 'metricResults');
  return (
    names.length > 0 &&
    names.every((name) => {
      const result = results.find((one) => textAt(one, 'name') === name);
      return at(result, 'dryRun') === true || textAt(result, 'phase') === 'Successful';
    })
  );
}

/** Every metric that counts has as many measurements as it was to take, or as many successes in a row. */
function hasMeasured(run: KubeObject): boolean {
  const metrics = listAt(run, 'spec', 'metrics');
  const results = listAt(run, 'status', 'metricResults');
  return (
    metrics.length > 0 &&
    metrics.every((metric) => {
      const result = results.find((one) => textAt(one, 'name') === textAt(metric, 'name'));
      if (at(result, 'dryRun') === true) return true;
      const inARow = Number(at(metric, 'consecutiveSuccessLimit') ?? 0);
      if (inARow > 0) return (numberAt(result, 'consecutiveSuccess') ?? 0) >= inARow;
      const endless = at(metric, 'count') === undefined && at(metric, 'interval') !== undefined;
      return !endless && (numberAt(result, 'count') ?? 0) >= Number(at(metric, 'count') ?? 1);
    })
  );
}

export const indexOf = (rollout: KubeObject | undefined): number | undefined =>
  numberAt(rollout, 'status', 'currentStepIndex');

export const promotesInFull = (change: Change): boolean =>
  at(change.before, 'status', 'promoteFull') === true || at(change.after, 'status', 'promoteFull') === true;

export const selectorHash = (service: KubeObject | undefined): string | undefined =>
  textAt(service, 'spec', 'selector', HASH);
