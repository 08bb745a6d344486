/**
 * Looked at: a canary that rests on a pause step. Whatever way led there (step by step, a jump by a person, a restart,
 * an edit of the steps), its weight is that of the nearest setWeight at or before the step, and its header and mirror
 * routes are those of the steps at or before it.
 */

import { maxWeightOf, stepsOf, weightAtStep } from './facts.ts';
import { at, listAt, numberAt, textAt } from './read.ts';
import type { Rule, RolloutScene, Scene, Violation } from './types.ts';
import { violation, watching } from './watching.ts';

/** Pods that have just come are heard of a moment later, and the next pass gives them their weight. */
const SETTLES_WITHIN_MS = 2_000;

export const rule20: Rule = {
  number: 20,
  sentence: 'What a step does depends on (spec, step), not on having passed through it.',
  threads: ['AR 4486', 'GW 147', 'GW 191'],
  needs: ['pass'],
  start: watching((checked) => {
    /** Since when a pass has left something else than the step asks for. */
    const wrongSince = new Map<string, number>();
    const passes = new Map<number, { since: number; hindered: boolean; sameSince: unknown }>();
    return {
      see(happening, scene) {
        if (happening.what === 'call' && (happening.code === 0 || happening.code >= 400)) {
          const pass = passes.get(happening.actor.pass ?? -1);
          if (pass !== undefined) pass.hindered = true;
        }
        if (happening.what !== 'pass' || happening.controller !== 'Rollouts') return undefined;
        const rollout = scene.rollout(happening.key);
        if (happening.state === 'begins') {
          passes.set(happening.id, {
            since: happening.informedSince,
            hindered: false,
            sameSince: rollout?.rollout,
          });
          return undefined;
        }
        const pass = passes.get(happening.id);
        passes.delete(happening.id);
        const first = wrongSince.get(happening.key) ?? scene.now;
        wrongSince.delete(happening.key);
        if (pass === undefined || pass.hindered || happening.error !== undefined || rollout === undefined)
          return undefined;
        // Only what the pass could know when it began: the same object, and nobody wrote between.
        if (pass.sameSince !== rollout.rollout || rollout.lastUserChangeAt > pass.since) return undefined;
        if (scene.meddledAt(rollout.key) > pass.since || !restsOnPause(rollout)) return undefined;
        checked();
        const wrong = otherWeight(rollout, scene, pass.since);
        if (wrong !== undefined) wrongSince.set(rollout.key, first);
        return scene.now - first < SETTLES_WITHIN_MS ? undefined : wrong;
      },
      end(scene) {
        for (const key of wrongSince.keys()) {
          const rollout = scene.rollout(key);
          const wrong =
            rollout === undefined || !restsOnPause(rollout)
              ? undefined
              : otherWeight(rollout, scene, scene.now);
          if (wrong !== undefined) return wrong;
        }
        return undefined;
      },
    };
  }),
};

function restsOnPause(rollout: RolloutScene): boolean {
  const { status, metadata, spec } = rollout.rollout;
  if (!rollout.routed || rollout.stable === rollout.current || rollout.ending || spec.paused === true)
    return false;
  if (status?.phase !== 'Paused' || status.abort === true || status.promoteFull === true) return false;
  if (String(status.observedGeneration) !== String(metadata.generation)) return false;
  return listAt(status, 'pauseConditions').some((item) => textAt(item, 'reason') === 'CanaryPauseStep');
}

function otherWeight(rollout: RolloutScene, scene: Scene, since: number): Violation | undefined {
  const object = scene.get('Rollout', rollout.key);
  const current = rollout.current ?? '';
  if (object === undefined || rollout.desired === 0) return undefined;
  const index = numberAt(object, 'status', 'currentStepIndex') ?? 0;
  const wanted = weightAtStep(object, index);
  const max = maxWeightOf(object);
  // Less than its share of pods, at any moment since: what the weight may be is rule 1.
  const available = rollout.versions.get(current)?.available ?? 0;
  const most = scene.mostAvailableSince(rollout.key, current, since);
  if (available !== most || available * max < wanted * rollout.desired) return undefined;
  const names = new Set<string>();
  for (const step of stepsOf(object).slice(0, index + 1)) {
    for (const kind of ['setHeaderRoute', 'setMirrorRoute'] as const) {
      const name = textAt(step, kind, 'name');
      if (name === undefined) continue;
      if (listAt(step, kind, 'match').length > 0) names.add(name);
      else names.delete(name);
    }
  }
  const routes = scene.routes(rollout.key);
  // However small its share is, no request may find nobody there.
  const needed = Math.max(wanted < max ? 1 : 0, Math.floor(((max - wanted) * rollout.desired) / max));
  for (const route of routes.filter(({ kind }) => kind === 'weighted')) {
    const weight = route.destinations.find(({ role }) => role === 'canary')?.weight ?? 0;
    if (weight === (wanted * route.max) / max) continue;
    // Rules 1 and 2 hold for stable as well: it takes traffic back only as it has pods for it.
    if (weight > (wanted * route.max) / max && !carries(rollout, scene, needed, since)) continue;
    return violation(
      20,
      scene,
      `paused at step ${index} with ${weight} of ${route.max} on ${route.id}; the steps ask for ${wanted} of ${max}`,
      `Rollout ${rollout.key}`,
    );
  }
  if (at(object, 'spec', 'strategy', 'canary', 'trafficRouting', 'plugins') === undefined) return undefined;
  // Rule 2 goes before: a route that would find nobody is not there.
  if (available === 0 || rollout.versions.get(current)?.size === 0) return undefined;
  const there = new Set(
    routes.filter(({ kind }) => kind === 'header' || kind === 'mirror').map(({ id }) => id.split(' ').at(-1)),
  );
  for (const name of names)
    if (!there.has(name))
      return violation(
        20,
        scene,
        `paused at step ${index} without its route ${name}`,
        `Rollout ${rollout.key}`,
      );
  return undefined;
}

/** Stable has so many pods, and had no more of them at any moment since. */
function carries(rollout: RolloutScene, scene: Scene, needed: number, since: number): boolean {
  const stable = rollout.stable ?? '';
  const available = rollout.versions.get(stable)?.available ?? 0;
  return available === scene.mostAvailableSince(rollout.key, stable, since) && available >= needed;
}
