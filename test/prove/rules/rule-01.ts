/**
 * Looked at: every write of ours after which a version gets a larger share of a route than before, by a weight or by
 * the selector of a Service that has a weight. A ReplicaSet that comes back to a weight that its version has is not one
 * of them. Not judged is stable: its share rises only because another one's
 * falls, and that must not wait (rule 7); that it does not run empty is rule 2.
 */

import { podsNeeded, scaleStepAt } from './facts.ts';
import { beside, numberAt, textAt } from './read.ts';
import { sharesOf } from './routes.ts';
import type { Rule } from './types.ts';
import { isNewReplicaSet, isOurs, percent, touched, violation, watching, writer } from './watching.ts';

/** Weights are whole numbers and shares are not. */
const ROUNDING = 1e-9;
/** An Event is sent after the write that it tells of. */
const EVENT_WITHIN_MS = 60_000;

export const rule01: Rule = {
  number: 1,
  sentence:
    "A version's weight is never raised above the share of the desired capacity that it has available. A progress " +
    "threshold may relax it; a user's own setCanaryScale may ask for less, and a Warning then says so.",
  threads: ['AR 2050', 'AR 3941', 'AR 3020', 'AR 4607'],
  needs: [],
  start: watching((checked) => {
    const shares = new Map<string, ReadonlyMap<string, number>>();
    /** Rollouts whose user asked for less, and that owe a Warning. */
    const owed = new Map<string, number>();
    return {
      see(happening, scene) {
        if (happening.what === 'fault' || happening.what === 'process') owed.clear();
        if (happening.what !== 'change' || happening.kind === 'Pod') return undefined;
        if (happening.kind === 'Event') {
          const about = textAt(happening.after, 'involvedObject', 'name');
          if (textAt(happening.after, 'reason') === 'CanaryBelowWeight' && about !== undefined)
            owed.set(beside(happening.key, about), Infinity);
          return undefined;
        }
        for (const rollout of touched(happening, scene)) {
          const before = shares.get(rollout.key);
          const after = sharesOf(scene.routes(rollout.key));
          shares.set(rollout.key, after);
          if (!isOurs(happening) || rollout.ending || isNewReplicaSet(happening)) continue;
          for (const [hash, share] of after) {
            const old = before?.get(hash) ?? 0;
            if (share <= old + ROUNDING || hash === rollout.stable) continue;
            checked();
            const since = scene.informedSince(happening);
            const available = scene.mostAvailableSince(rollout.key, hash, since);
            const desired = scene.leastDesiredSince(rollout.key, since);
            if (available + ROUNDING >= podsNeeded(rollout.rollout, share * desired)) continue;
            const index = numberAt(rollout.rollout, 'status', 'currentStepIndex') ?? 0;
            const moved = happening.kind === 'Service';
            // Somebody else gave the weight to what was selected then, after the pass had looked.
            if (moved && scene.meddledAt(rollout.key) > since) continue;
            // Nobody else could answer: what had the traffic, and stable, which has what is left of it, are without a pod
            // (rule 2 goes before this one). A version that has no traffic answers nobody, whatever its pods.
            const others = [...rollout.versions.keys()].filter(
              (other) => other !== hash && (other === rollout.stable || (before?.get(other) ?? 0) > 0),
            );
            if (others.every((other) => scene.mostReadySince(rollout.key, other, since) === 0)) continue;
            // A Service that is put back gets the weight of before, after the last step too, and no Warning is due anew.
            const asked = moved ? [index - 1, index, index + 1] : [index, index + 1];
            if (available > 0 && asked.some((step) => scaleStepAt(rollout.rollout, step))) {
              if (!moved && !owed.has(rollout.key)) owed.set(rollout.key, scene.now);
              continue;
            }
            return violation(
              1,
              scene,
              `${writer(happening)} raised version ${hash} from ${percent(old)} to ${percent(share)} of the ` +
                `traffic with ${available} of ${desired} pods available`,
              `Rollout ${rollout.key}`,
              `${happening.kind} ${happening.key}`,
            );
          }
        }
        return undefined;
      },
      end(scene) {
        for (const [key, raisedAt] of owed) {
          checked();
          if (scene.now - raisedAt < EVENT_WITHIN_MS || scene.rollout(key) === undefined) continue;
          return violation(
            1,
            scene,
            `a setCanaryScale asked for fewer pods than the weight, and no Warning CanaryBelowWeight said so`,
            `Rollout ${key}`,
          );
        }
        return undefined;
      },
    };
  }),
};
