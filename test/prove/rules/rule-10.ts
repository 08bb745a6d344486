/**
 * Looked at: how long an update has made no progress, by the states that its status went through and by nothing that
 * a process keeps for itself. Time in a pause or in a step that waits does not count. A spec that can't be carried out is
 * no pause, whatever its steps are called, for none of them is entered: the deadline may fire, but what doesn't decode has
 * none. Nor is it one that an analysis could not be started: a step that is that analysis waits, beside any other the time
 * counts. Progress is what a pass makes (spec 01 section 6.1): a person who skips a step that waits for nothing makes none.
 * Who reads when it was made can't tell that it was written by one whose clock is wrong.
 */

import type { KubeObject } from '../../../src/kube/api.ts';
import { desiredOf, progressDeadlineOf, stepsOf } from './facts.ts';
import { at, listAt, numberAt, textAt } from './read.ts';
import type { Rule } from './types.ts';
import { isClockFault, isOurs, seconds, SET_RIGHT_MS, violation, watching } from './watching.ts';

/** Between a cause and the status that shows it: conditions in whole seconds, counts at most a few seconds late. */
const EARLY_MS = 5_000;
/**
 * The same where a fault was about: a write may be so long on its way, or as long as its process stood still before it, and
 * the clock runs from when it was decided.
 */
const EARLY_UNDER_FAULTS_MS = 40_000;
/** After the deadline: back-off after errors, a restart, a lease that has to run out. */
const LATE_MS = 90_000;

interface Clock {
  /** Without an edit, which may or may not have mattered. */
  progressAt: number;
  /** With it. */
  touchedAt: number;
  /** The process that wrote of it. */
  by: string;
  waits: boolean;
  refused: boolean;
  early: number;
}

export const rule10: Rule = {
  number: 10,
  sentence:
    'The deadline always fires unless paused; paused time does not count; a restart of the controller resets neither.',
  threads: ['AR 1225', 'AR 3534', 'AR 3843'],
  needs: [],
  start: watching((checked) => {
    const clocks = new Map<string, Clock>();
    let faultAt = -Infinity;
    /** How long the fault lasted that was about last. */
    let faultMs = 0;
    let jumpedAt = -Infinity;
    /** Processes whose clocks are wrong for as long as they live. */
    const wrong = new Set<string>();
    return {
      see(happening, scene) {
        if (happening.what === 'fault') {
          if (happening.until >= faultAt) faultMs = happening.until - happening.at;
          faultAt = Math.max(faultAt, happening.until);
          // A status that is long on its way tells of progress later than it was made.
          if (isClockFault(happening.kind) || happening.kind === 'slow-write')
            jumpedAt = Math.max(jumpedAt, happening.until + EARLY_MS);
          if (isClockFault(happening.kind) && happening.until === happening.at) wrong.add(happening.target);
          // Until its clock is set right, a machine that stood still writes times that are long ago then.
          if (isClockFault(happening.kind) && happening.until > happening.at)
            jumpedAt = Math.max(jumpedAt, happening.until + SET_RIGHT_MS + EARLY_MS);
        }
        if (happening.what === 'change' && happening.kind === 'Rollout') {
          const { key, before, after } = happening;
          if (after === undefined) {
            clocks.delete(key);
            return undefined;
          }
          const clock = clocks.get(key) ?? {
            progressAt: scene.now,
            touchedAt: scene.now,
            by: '',
            waits: true,
            refused: false,
            early: EARLY_MS,
          };
          clocks.set(key, clock);
          // An edit stops no clock before anybody has seen it.
          const waits = isObserved(after) ? isWaiting(after) : clock.waits;
          const fires =
            reasonOf(after) === 'ProgressDeadlineExceeded' && reasonOf(before) !== reasonOf(after);
          const stalled = scene.now - clock.progressAt;
          const deadline = progressDeadlineOf(after);
          if (fires && isOurs(happening)) {
            checked();
            const { name } = happening.actor;
            const byOneClock = clock.by === name || !(wrong.has(clock.by) || wrong.has(name));
            if (byOneClock && !clock.waits && jumpedAt < clock.progressAt && stalled < deadline - clock.early)
              return violation(
                10,
                scene,
                `the deadline of ${seconds(deadline)} fired after ${seconds(stalled)} without progress`,
                `Rollout ${key}`,
              );
          }
          const moved = progressed(before, after);
          if (moved) clock.touchedAt = scene.now;
          if (clock.waits || waits || (moved && isOurs(happening))) {
            clock.progressAt = clock.touchedAt = scene.now;
            if (isOurs(happening)) clock.by = happening.actor.name;
            clock.early =
              faultAt >= scene.now - EARLY_MS
                ? Math.max(EARLY_UNDER_FAULTS_MS, faultMs + EARLY_MS)
                : EARLY_MS;
          }
          const refused = isRefused(after) || conditionOf(after, 'AnalysisRunFailure') !== undefined;
          if (before?.metadata.generation !== after.metadata.generation || clock.refused || refused)
            clock.touchedAt = scene.now;
          clock.waits = waits;
          clock.refused = refused;
          return undefined;
        }
        if (happening.what !== 'traffic' && happening.what !== 'pass' && happening.what !== 'change')
          return undefined;
        for (const [key, clock] of clocks) {
          const object = scene.get('Rollout', key);
          if (object === undefined || clock.waits || clock.refused) continue;
          const from = Math.max(clock.touchedAt, Math.min(faultAt, scene.now));
          if (scene.now - from <= progressDeadlineOf(object) + LATE_MS) continue;
          checked();
          if (['ProgressDeadlineExceeded', 'RolloutAborted'].includes(reasonOf(object) ?? '')) continue;
          return violation(
            10,
            scene,
            `no progress for ${seconds(scene.now - clock.progressAt)}, and the deadline of ${seconds(progressDeadlineOf(object))} has not fired`,
            `Rollout ${key}`,
          );
        }
        return undefined;
      },
    };
  }),
};

const conditionOf = (rollout: KubeObject | undefined, type: string): unknown =>
  listAt(rollout, 'status', 'conditions').find((item) => textAt(item, 'type') === type);

const reasonOf = (rollout: KubeObject | undefined): string | undefined =>
  textAt(conditionOf(rollout, 'Progressing'), 'reason');

const isObserved = (rollout: KubeObject): boolean =>
  String(at(rollout, 'status', 'observedGeneration')) === String(rollout.metadata.generation);

/** For a person, a verdict, or because there is nothing to do. */
function isWaiting(rollout: KubeObject): boolean {
  if (at(rollout, 'spec', 'paused') === true || listAt(rollout, 'status', 'pauseConditions').length > 0)
    return true;
  if (isAborted(rollout) || ['Healthy', 'Paused', undefined].includes(textAt(rollout, 'status', 'phase')))
    return true;
  if (isOnlyRestarting(rollout)) return true;
  if (isRefused(rollout)) return false;
  const step = stepsOf(rollout)[numberAt(rollout, 'status', 'currentStepIndex') ?? 0];
  return ['pause', 'analysis', 'experiment'].some((name) => at(step, name) !== undefined);
}

const isRefused = (rollout: KubeObject): boolean =>
  ['InvalidSpec', 'NotImplemented'].some((type) => conditionOf(rollout, type) !== undefined);

/** The update is complete, with all of its pods; a budget may hold the restart up for as long as it likes. */
const isOnlyRestarting = (rollout: KubeObject): boolean =>
  textAt(rollout, 'status', 'message') === 'rollout is restarting' &&
  at(rollout, 'status', 'stableRS') === at(rollout, 'status', 'currentPodHash') &&
  (numberAt(rollout, 'status', 'availableReplicas') ?? 0) >= desiredOf(rollout);

/**
 * Where nothing is in progress, an abort changes nothing (rule 8); nor does one after a promotion in full, which clears it
 * (spec 03 section 7).
 */
const isAborted = (rollout: KubeObject | undefined): boolean =>
  at(rollout, 'status', 'abort') === true &&
  at(rollout, 'status', 'promoteFull') !== true &&
  at(rollout, 'status', 'stableRS') !== at(rollout, 'status', 'currentPodHash');

/** Spec 01 section 6.1. */
function progressed(before: KubeObject | undefined, after: KubeObject): boolean {
  const count = (object: KubeObject | undefined, name: string): number =>
    numberAt(object, 'status', name) ?? 0;
  const other = (...path: string[]): boolean =>
    at(before, 'status', ...path) !== at(after, 'status', ...path);
  return (
    other('updatedReplicas') ||
    other('stableRS') ||
    other('currentStepIndex') ||
    other('currentStepHash') ||
    other('currentPodHash') ||
    isAborted(before) !== isAborted(after) ||
    other('blueGreen', 'activeSelector') ||
    other('blueGreen', 'previewSelector') ||
    count(after, 'replicas') - count(after, 'updatedReplicas') <
      count(before, 'replicas') - count(before, 'updatedReplicas') ||
    count(after, 'readyReplicas') > count(before, 'readyReplicas') ||
    count(after, 'availableReplicas') > count(before, 'availableReplicas')
  );
}
