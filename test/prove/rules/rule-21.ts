/** Looked at: an update whose new version has all of its pods, while stable has not, and that does not go on. */

import type { Rollout } from '../../../src/api/rollout.ts';
import { progressDeadlineOf } from './facts.ts';
import { at, listAt, numberAt } from './read.ts';
import type { Rule } from './types.ts';
import { seconds, violation, watching } from './watching.ts';

/** A controller that waits for nothing moves on much faster; faults and back-off take their time. */
const STUCK_MS = 2 * 60_000;
const LOOK_EVERY_MS = 30_000;

export const rule21: Rule = {
  number: 21,
  sentence: 'A broken stable does not block the fix.',
  threads: ['AR 1774', 'AR 3110'],
  needs: [],
  start: watching((checked) => {
    const stuckSince = new Map<string, { at: number; where: string }>();
    let faultAt = -Infinity;
    let lookedAt = -Infinity;
    return {
      see(happening, scene) {
        if (happening.what === 'fault') faultAt = Math.max(faultAt, happening.until);
        if (happening.what === 'process') faultAt = Math.max(faultAt, happening.at);
        if (scene.now - lookedAt < LOOK_EVERY_MS) return undefined;
        lookedAt = scene.now;
        for (const rollout of scene.rollouts()) {
          const { key, stable, current, desired } = rollout;
          const { status } = rollout.rollout;
          const old = rollout.versions.get(stable ?? '');
          const fix = rollout.versions.get(current ?? '');
          const where = `${current} ${status?.currentStepIndex ?? ''} ${fix?.size ?? 0}`;
          const broken =
            stable !== current && old !== undefined && old.available < Math.min(desired, old.size);
          const fine = fix !== undefined && fix.size > 0 && fix.available === fix.size;
          const moving = isUnderWay(rollout.rollout) && !waits(rollout.rollout);
          const since = stuckSince.get(key);
          if (!broken || !fine || !moving || since?.where !== where) {
            stuckSince.set(key, { at: scene.now, where });
            continue;
          }
          checked();
          const from = Math.max(since.at, Math.min(faultAt, scene.now), rollout.lastUserChangeAt);
          if (scene.now - from <= STUCK_MS + timeToGrow(rollout.rollout)) continue;
          return violation(
            21,
            scene,
            `version ${current} has all of its ${fix.size} pods, and has not gone on for ${seconds(scene.now - since.at)}: ` +
              `stable ${stable} has ${old.available} of ${old.size}`,
            `Rollout ${key}`,
          );
        }
        return undefined;
      },
    };
  }),
};

/**
 * A stable version that dynamicStableScale has left without any traffic has no pods by design. That it is broken, and not
 * only on its way, nobody can know before the deadline of progress has passed.
 */
function timeToGrow(rollout: Rollout): number {
  if (at(rollout, 'spec', 'strategy', 'canary', 'dynamicStableScale') !== true) return 0;
  if (numberAt(rollout, 'status', 'canary', 'weights', 'stable', 'weight') !== 0) return 0;
  return progressDeadlineOf(rollout);
}

/** Also where the deadline has passed: it passed because nothing went on. */
const isUnderWay = (rollout: unknown): boolean =>
  at(rollout, 'status', 'phase') === 'Progressing' ||
  (at(rollout, 'status', 'abort') !== true &&
    String(at(rollout, 'status', 'message') ?? '').startsWith('ProgressDeadlineExceeded'));

function waits(rollout: unknown): boolean {
  const index = at(rollout, 'status', 'currentStepIndex');
  const step = listAt(rollout, 'spec', 'strategy', 'canary', 'steps')[typeof index === 'number' ? index : 0];
  return ['analysis', 'experiment', 'pause'].some((name) => at(step, name) !== undefined);
}
