/**
 * Looked at: every write of ours that changes who gets how much while the update is aborted, and the end of every pass
 * that knew of the abort. A full promotion takes an abort back (spec 03 section 7.3). Rule 2 goes before it: nothing moves to a stable version without a ready pod.
 */

import { isDynamic } from './facts.ts';
import { at } from './read.ts';
import { sharesOf } from './routes.ts';
import type { Rule, RolloutScene, Scene } from './types.ts';
import { isOurs, percent, touched, violation, watching, writer } from './watching.ts';
import { knowsNewest } from './workload.ts';

export const rule07: Rule = {
  number: 7,
  sentence:
    "After an abort the canary's weight never rises and goes to 0 at once, whatever an HPA does. With " +
    'dynamicStableScale it falls as stable becomes available.',
  threads: ['AR 1665', 'AR 4841', 'AR 4973'],
  needs: [],
  start: watching((checked) => {
    const shares = new Map<string, ReadonlyMap<string, number>>();
    /** What was written in the very instant in which a pass looked may have come too late for it. */
    const abortedAt = new Map<string, number>();
    const stepsThen = new Map<string, string>();
    /** Passes under way, with what they could have been hindered by. */
    const passes = new Map<number, { since: number; stableServed: boolean; hindered: boolean }>();
    return {
      see(happening, scene) {
        if (happening.what === 'call' && happening.code >= 400) hinder(passes, happening.actor.pass);
        if (happening.what === 'call' && happening.code === 0) hinder(passes, happening.actor.pass);
        if (happening.what === 'pass' && happening.controller === 'Rollouts') {
          if (happening.state === 'begins') {
            const rollout = scene.rollout(happening.key);
            const since = happening.informedSince;
            const stableServed = rollout !== undefined && stableServes(rollout, scene, since);
            passes.set(happening.id, { since, stableServed, hindered: false });
            return undefined;
          }
          const pass = passes.get(happening.id);
          passes.delete(happening.id);
          const rollout = scene.rollout(happening.key);
          const since = abortedAt.get(happening.key);
          if (pass === undefined || pass.hindered || happening.error !== undefined) return undefined;
          if (rollout === undefined || since === undefined || since >= pass.since || !pass.stableServed)
            return undefined;
          if (rollout.lastUserChangeAt > pass.since || scene.meddledAt(rollout.key) > pass.since)
            return undefined;
          checked();
          for (const [hash, share] of sharesOf(scene.routes(rollout.key)))
            if (hash !== rollout.stable && share > 0)
              return violation(
                7,
                scene,
                `a pass of ${happening.actor.name} that knew of the abort left version ${hash} ${percent(share)} of the traffic`,
                `Rollout ${rollout.key}`,
              );
          return undefined;
        }
        if (happening.what !== 'change' || happening.kind === 'Pod') return undefined;
        for (const rollout of touched(happening, scene)) {
          if (!isAborted(rollout)) abortedAt.delete(rollout.key);
          else if (!abortedAt.has(rollout.key)) {
            abortedAt.set(rollout.key, scene.now);
            stepsThen.set(rollout.key, stepsText(rollout));
          }
          const before = shares.get(rollout.key);
          const after = sharesOf(scene.routes(rollout.key));
          shares.set(rollout.key, after);
          const since = abortedAt.get(rollout.key);
          if (!isOurs(happening) || since === undefined || since >= scene.informedSince(happening)) continue;
          for (const [hash, share] of after) {
            const old = before?.get(hash) ?? 0;
            if (hash === rollout.stable || rollout.stable === undefined) continue;
            const isAnew = hash !== rollout.current || stepsText(rollout) !== stepsThen.get(rollout.key);
            if (isAnew && isSuperseded(rollout, since, scene)) continue;
            checked();
            if (
              share <= old ||
              scene.mostReadySince(rollout.key, rollout.stable, scene.informedSince(happening)) === 0
            )
              continue;
            return violation(
              7,
              scene,
              `${writer(happening)} raised the aborted version ${hash} from ${percent(old)} to ${percent(share)} of the traffic`,
              `Rollout ${rollout.key}`,
              `${happening.kind} ${happening.key}`,
            );
          }
        }
        return undefined;
      },
    };
  }),
};

const isAborted = ({ rollout }: RolloutScene): boolean =>
  at(rollout, 'status', 'abort') === true && at(rollout, 'status', 'promoteFull') !== true;

/** An edit of them is a new attempt (spec 03 section 10). */
const stepsText = ({ rollout }: RolloutScene): string =>
  JSON.stringify(at(rollout, 'spec', 'strategy', 'canary', 'steps') ?? null);

/** A user has asked for something else since, and the status still tells of the aborted one. */
const isSuperseded = (rollout: RolloutScene, abortedAt: number, scene: Scene): boolean =>
  rollout.lastUserChangeAt > abortedAt && !knowsNewest(rollout, scene);

function hinder(passes: Map<number, { hindered: boolean }>, id: number | undefined): void {
  const pass = id === undefined ? undefined : passes.get(id);
  if (pass !== undefined) pass.hindered = true;
}

/** By what a pass could know, stable has a ready pod, or all of its pods where it was made small on purpose. */
function stableServes(
  { key, rollout, stable = '', versions, desired }: RolloutScene,
  scene: Scene,
  since: number,
): boolean {
  if (isDynamic(rollout)) return scene.leastSince(key, stable, since, 'available') >= desired;
  return (versions.get(stable)?.size ?? 0) > 0 && scene.leastSince(key, stable, since, 'ready') > 0;
}
