/** Looked at: what was changed and not taken up: for longer than a resync takes, and when a history is over. */

import { at, textAt } from './read.ts';
import { isCompletedPhase } from './attempts.ts';
import type { Rule, Scene, Violation } from './types.ts';
import { seconds, violation, watching } from './watching.ts';

/** A resync comes every 15 minutes or faster; after it one pass. */
const WITHIN_MS = 20 * 60_000;
const LOOK_EVERY_MS = 30_000;

export const rule17: Rule = {
  number: 17,
  sentence: 'A lost event is repaired within a bounded time.',
  threads: ['AR 3316', 'AR 4140'],
  needs: [],
  start: watching((checked) => {
    const unseenSince = new Map<string, number>();
    let faultAt = -Infinity;
    let lookedAt = -Infinity;
    return {
      see(happening, scene) {
        if (happening.what === 'fault') faultAt = Math.max(faultAt, happening.until);
        if (happening.what === 'process') faultAt = Math.max(faultAt, happening.at);
        if (scene.now - lookedAt < LOOK_EVERY_MS) return undefined;
        lookedAt = scene.now;
        const now = unseen(scene);
        for (const name of unseenSince.keys()) if (!now.has(name)) unseenSince.delete(name);
        for (const [name, text] of now) {
          const since = unseenSince.get(name) ?? scene.now;
          unseenSince.set(name, since);
          checked();
          const from = Math.max(since, Math.min(faultAt, scene.now));
          if (scene.now - from > WITHIN_MS)
            return violation(17, scene, `${text} for ${seconds(scene.now - since)}`, name);
        }
        return undefined;
      },
      end(scene): Violation | undefined {
        for (const [name, text] of unseen(scene)) return violation(17, scene, `at the end, ${text}`, name);
        checked();
        return undefined;
      },
    };
  }),
};

function unseen(scene: Scene): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, rollout] of scene.objects('Rollout')) {
    if (rollout.metadata.deletionTimestamp !== undefined) continue;
    const observed = String(at(rollout, 'status', 'observedGeneration') ?? '');
    const generation = String(rollout.metadata.generation ?? '');
    if (observed !== generation && generation !== '')
      found.set(
        `Rollout ${key}`,
        `generation ${generation} has not been looked at (${observed || 'none'} has)`,
      );
    const status = (name: string): unknown => at(rollout, 'status', name);
    const idle = status('stableRS') === status('currentPodHash');
    if (status('abort') === true && status('abortedAt') === undefined && !idle)
      found.set(`Rollout ${key}`, 'an abort has not been taken up');
  }
  for (const [key, run] of scene.objects('AnalysisRun'))
    if (at(run, 'spec', 'terminate') === true && !isCompletedPhase(textAt(run, 'status', 'phase') ?? ''))
      found.set(`AnalysisRun ${key}`, 'a run that was ended goes on');
  return found;
}
