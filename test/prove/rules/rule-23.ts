/**
 * Looked at: every status of ours that says Healthy, against pods, routes and selectors; and how a history ends:
 * Healthy, Paused for a stated reason (evidence that never comes is one), or Degraded for a stated reason.
 */

import { namesRun } from './measuring.ts';
import { at, beside, listAt, textAt } from './read.ts';
import type { Change, Rule, RolloutScene, Scene } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

export const rule23: Rule = {
  number: 23,
  sentence: 'Healthy and Completed only when the world agrees; every wait states its true reason.',
  threads: ['AR 3333', 'AR 1052', 'AR 4371'],
  needs: [],
  start: watching((checked) => ({
    see(happening, scene) {
      if (!isOurs(happening) || happening.kind !== 'Rollout' || happening.after === undefined)
        return undefined;
      const rollout = scene.rollout(happening.key);
      if (rollout === undefined || rollout.ending) return undefined;
      const { after, before } = happening;
      if (textAt(after, 'status', 'phase') !== 'Healthy' || textAt(before, 'status', 'phase') === 'Healthy')
        return undefined;
      if (String(at(after, 'status', 'observedGeneration')) !== String(after.metadata.generation))
        return undefined;
      checked();
      const why = disagrees(happening, rollout, scene);
      return why === undefined
        ? undefined
        : violation(23, scene, `${writer(happening)} said Healthy, but ${why}`, `Rollout ${rollout.key}`);
    },
    end(scene) {
      for (const rollout of scene.rollouts()) {
        checked();
        const why = restless(rollout, scene);
        if (why !== undefined && !rollout.ending) return violation(23, scene, why, `Rollout ${rollout.key}`);
      }
      return undefined;
    },
  })),
};

function disagrees(change: Change, rollout: RolloutScene, scene: Scene): string | undefined {
  const { key, stable, current, desired } = rollout;
  const since = scene.informedSince(change);
  if (current === undefined || stable !== current)
    return `stable is ${stable ?? 'none'} and the new version ${current ?? 'none'}`;
  const available = scene.mostAvailableSince(key, current, since);
  if (available < scene.leastDesiredSince(key, since)) return `${available} of ${desired} pods are available`;
  // With no pods asked for there is nothing to send anybody to, and a Service moves when there is.
  if (scene.meddledAt(key) >= since || desired === 0) return undefined;
  for (const route of scene.routes(key, since))
    for (const to of route.destinations) {
      if (to.weight === 0 || to.role === 'other') continue;
      const elsewhere = to.hashes.filter((hash) => hash !== current);
      if (!to.hashes.includes(current) || (elsewhere.length > 0 && to.hashes.length === 1))
        return `${route.id} sends ${to.weight} of ${route.max} to ${to.hashes.join(', ') || 'nothing'}`;
    }
  if (rollout.strategy !== 'canary' || rollout.routed) return undefined;
  for (const version of rollout.versions.values())
    if (version.hash !== current && version.size > 0)
      return `version ${version.hash} still has ${version.size} pods`;
  return undefined;
}

/** Held by a run that its status names and that has come to no end, as the message says. */
function lacksEvidence({ key, rollout }: RolloutScene, scene: Scene): boolean {
  const said = /^AnalysisRun (\S+): Metric ".+" (?:holds since \S+: .|waits for traffic: .)/.exec(
    textAt(rollout, 'status', 'message') ?? '',
  );
  const name = said?.[1] ?? '';
  const run = scene.get('AnalysisRun', beside(key, name));
  return run !== undefined && textAt(run, 'status', 'phase') === 'Running' && namesRun(rollout, name);
}

function restless(rollout: RolloutScene, scene: Scene): string | undefined {
  const object = rollout.rollout;
  const phase = textAt(object, 'status', 'phase');
  const message = textAt(object, 'status', 'message');
  if (phase === 'Healthy') {
    const available = rollout.versions.get(rollout.current ?? '')?.available ?? 0;
    return available >= rollout.desired
      ? undefined
      : `at the end it is Healthy with ${available} of ${rollout.desired} pods`;
  }
  if (phase === 'Paused') {
    const reason =
      object.spec.paused === true ||
      listAt(object, 'status', 'pauseConditions').length > 0 ||
      lacksEvidence(rollout, scene);
    return reason && message !== undefined ? undefined : 'at the end it is Paused and nothing says why';
  }
  if (phase === 'Degraded')
    return message === undefined ? 'at the end it is Degraded and nothing says why' : undefined;
  return `at the end it is ${phase ?? 'without a phase'} (${message ?? 'no message'}), and nothing goes on`;
}
