/**
 * Looked at: steps that pass an analysis, the switch of the active Service, and a version that becomes stable. Each
 * needs a Successful run of this version since the attempt began, unless a person promoted it, or it goes back to a
 * version that was good (rule 13). And what a metric that waits for traffic asks.
 */

import type { KubeObject } from '../../../src/kube/api.ts';
import { Attempts, indexOf, isCompletedPhase, promotesInFull, selectorHash } from './attempts.ts';
import { servicesOf, stepsOf, strategyFields } from './facts.ts';
import { at, beside, hashOf, listAt, numberAt, textAt } from './read.ts';
import { sharesOf } from './routes.ts';
import type { Change, Measurement, Rule, RolloutScene, Scene, Violation } from './types.ts';
import { isOurs, touched, violation, watching, writer } from './watching.ts';

export const rule12: Rule = {
  number: 12,
  sentence:
    'Where a gate is declared, no promotion without its evidence; a gate never judges the stable version in the ' +
    "canary's place, and with waitForTraffic never a canary that got no traffic.",
  threads: ['FL 1011', 'AR 3258'],
  needs: [],
  start: watching((checked) => {
    const attempts = new Attempts();
    /** Versions that had traffic, as long as a run waits for it. */
    const fed = new Set<string>();
    const waiting = new Set<string>();
    return {
      see(happening, scene) {
        if (happening.what === 'measurement') return asksInVain(happening, scene, fed, checked);
        if (happening.what !== 'change') return undefined;
        attempts.take(happening);
        if (happening.kind === 'AnalysisRun') {
          if (waitsForTraffic(happening.after)) waiting.add(happening.key);
          else waiting.delete(happening.key);
        }
        if (waiting.size > 0)
          for (const rollout of touched(happening, scene))
            for (const hash of versionsWithTraffic(rollout, scene)) fed.add(`${rollout.key} ${hash}`);
        if (!isOurs(happening)) return undefined;
        if (happening.kind === 'AnalysisRun' && happening.verb === 'create') {
          checked();
          return judgesStable(happening, scene);
        }
        if (happening.kind === 'Rollout') {
          const rollout = scene.rollout(happening.key);
          if (rollout === undefined) return undefined;
          return (
            stepWithout(happening, rollout, scene, attempts, checked) ??
            stableWithout(happening, rollout, scene, attempts, checked)
          );
        }
        if (happening.kind !== 'Service') return undefined;
        for (const rollout of scene.rollouts()) {
          const found = switchWithout(happening, rollout, scene, attempts, checked);
          if (found !== undefined) return found;
        }
        return undefined;
      },
    };
  }),
};

/** With all of its metrics: which of them asks, a backend is not told. */
function waitsForTraffic(run: KubeObject | undefined): boolean {
  const metrics = listAt(run, 'spec', 'metrics');
  if (metrics.length === 0 || isCompletedPhase(textAt(run, 'status', 'phase') ?? '')) return false;
  return metrics.every((metric) => at(metric, 'evidence', 'waitForTraffic') === true);
}

/** Behind a router and in blue-green as the routes say, else who has pods. */
function* versionsWithTraffic(rollout: RolloutScene, scene: Scene): Generator<string> {
  if (rollout.routed || rollout.strategy === 'blueGreen') {
    for (const [hash, share] of sharesOf(scene.routes(rollout.key))) if (share > 0) yield hash;
  } else for (const { hash, pods } of rollout.versions.values()) if (pods > 0) yield hash;
}

/** Since the run began: what the controller reads may be a little late. For a preview nothing tells. */
function asksInVain(
  measurement: Measurement,
  scene: Scene,
  fed: ReadonlySet<string>,
  checked: () => void,
): Violation | undefined {
  const run = scene.get('AnalysisRun', measurement.run);
  if (run === undefined || !waitsForTraffic(run)) return undefined;
  const rollout = scene.rolloutOf('AnalysisRun', run);
  const hash = hashOf(run);
  if (rollout === undefined || hash === undefined || hash !== rollout.current) return undefined;
  if (run.metadata.labels?.['rollout-type'] === 'PrePromotion') return undefined;
  checked();
  if (fed.has(`${rollout.key} ${hash}`) || [...versionsWithTraffic(rollout, scene)].includes(hash))
    return undefined;
  return violation(
    12,
    scene,
    `${measurement.run} asked about version ${hash}, which has had no traffic since, though it waits for it`,
    `AnalysisRun ${measurement.run}`,
    `Rollout ${rollout.key}`,
  );
}

function judgesStable(change: Change, scene: Scene): Violation | undefined {
  const run = change.after;
  const rollout = run === undefined ? undefined : scene.rolloutOf('AnalysisRun', run);
  if (run === undefined || rollout?.stable === undefined || hashOf(run) !== rollout.stable) return undefined;
  return violation(
    12,
    scene,
    `${writer(change)} started ${change.key}, which judges the stable version ${rollout.stable}`,
    `AnalysisRun ${change.key}`,
    `Rollout ${rollout.key}`,
  );
}

const good = (attempts: Attempts, rollout: string, hash: string, type: string, step?: number): boolean =>
  attempts.ofAttempt(rollout, hash, type, step).some((run) => run.phase === 'Successful');

function stepWithout(
  change: Change,
  rollout: RolloutScene,
  scene: Scene,
  attempts: Attempts,
  checked: () => void,
): Violation | undefined {
  const { before, after } = change;
  const from = indexOf(before);
  const to = indexOf(after);
  const hash = textAt(after, 'status', 'currentPodHash');
  if (after === undefined || hash === undefined || textAt(before, 'status', 'currentPodHash') !== hash)
    return undefined;
  if (from === undefined || to === undefined || to <= from || promotesInFull(change)) return undefined;
  const stable = textAt(before, 'status', 'stableRS');
  if (stable === undefined || stable === hash || goesBackWithin(rollout)) return undefined;
  for (let step = from; step < to; step++) {
    // Without a template nothing is measured, and no gate declared.
    if (listAt(stepsOf(after)[step], 'analysis', 'templates').length === 0) continue;
    checked();
    if (good(attempts, rollout.key, hash, 'Step', step)) continue;
    return violation(
      12,
      scene,
      `${writer(change)} passed step ${step + 1} (analysis) of version ${hash} without a Successful run`,
      `Rollout ${rollout.key}`,
    );
  }
  return undefined;
}

function switchWithout(
  change: Change,
  rollout: RolloutScene,
  scene: Scene,
  attempts: Attempts,
  checked: () => void,
): Violation | undefined {
  const { active } = servicesOf(rollout.rollout);
  if (active === undefined || beside(rollout.key, active) !== change.key) return undefined;
  const from = selectorHash(change.before);
  const to = selectorHash(change.after);
  if (to === undefined || from === undefined || from === to) return undefined;
  if (strategyFields(rollout.rollout)['prePromotionAnalysis'] === undefined || to === rollout.stable)
    return undefined;
  if (rollout.stable === undefined || rollout.rollout.status?.promoteFull === true || isOlder(rollout, to))
    return undefined;
  if (scene.informedSince(change) <= rollout.lastUserChangeAt) return undefined;
  checked();
  if (good(attempts, rollout.key, to, 'PrePromotion')) return undefined;
  return violation(
    12,
    scene,
    `${writer(change)} switched ${change.key} to version ${to} without a Successful analysis before it`,
    `Rollout ${rollout.key}`,
    `Service ${change.key}`,
  );
}

function stableWithout(
  change: Change,
  rollout: RolloutScene,
  scene: Scene,
  attempts: Attempts,
  checked: () => void,
): Violation | undefined {
  const from = textAt(change.before, 'status', 'stableRS');
  const to = textAt(change.after, 'status', 'stableRS');
  if (from === undefined || to === undefined || from === to || rollout.strategy !== 'blueGreen')
    return undefined;
  if (strategyFields(rollout.rollout)['postPromotionAnalysis'] === undefined) return undefined;
  if (promotesInFull(change) || isOlderThan(rollout, to, from)) return undefined;
  // The first deployment: the active Service was never switched.
  if (textAt(change.before, 'status', 'blueGreen', 'activeSelector') === undefined) return undefined;
  checked();
  if (good(attempts, rollout.key, to, 'PostPromotion')) return undefined;
  return violation(
    12,
    scene,
    `${writer(change)} made version ${to} stable without a Successful analysis after the switch`,
    `Rollout ${rollout.key}`,
  );
}

const goesBackWithin = (rollout: RolloutScene): boolean =>
  (numberAt(rollout.rollout, 'spec', 'rollbackWindow', 'revisions') ?? 0) > 0;

const isOlder = (rollout: RolloutScene, hash: string): boolean =>
  isOlderThan(rollout, hash, rollout.stable ?? '');

/** Going back to it may be fast. */
function isOlderThan(rollout: RolloutScene, hash: string, other: string): boolean {
  const [a, b] = [rollout.versions.get(hash), rollout.versions.get(other)];
  return a !== undefined && b !== undefined && a.created <= b.created;
}
