/** Looked at: every write of ours to an object that routes, and the weights that the status records. */

import { deepEqual } from '../../../src/lang/json.ts';
import { at, listAt, numberAt } from './read.ts';
import type { Rule } from './types.ts';
import { isOurs, touched, violation, watching, writer } from './watching.ts';

export const rule04: Rule = {
  number: 4,
  sentence: 'Weights lie in 0..max and sum to max.',
  threads: ['AR 4424', 'AR 3470'],
  needs: [],
  start: watching((checked) => ({
    see(happening, scene) {
      if (!isOurs(happening) || happening.after === undefined) return undefined;
      for (const rollout of touched(happening, scene)) {
        const sets: [string, number, readonly (number | undefined)[]][] = [];
        if (happening.kind === 'Rollout') {
          const weights = at(rollout.rollout, 'status', 'canary', 'weights');
          const more = listAt(weights, 'additional').map((item) => numberAt(item, 'weight'));
          // Those that a spec with another whole finds there are not what this write is about.
          const same = deepEqual(
            weights ?? null,
            at(happening.before, 'status', 'canary', 'weights') ?? null,
          );
          if (weights !== undefined && !same)
            sets.push([
              'status.canary.weights',
              rollout.max,
              [numberAt(weights, 'canary', 'weight'), numberAt(weights, 'stable', 'weight'), ...more],
            ]);
        } else {
          for (const route of scene.routes(rollout.key))
            if (route.kind === 'weighted' && route.source === happening.key)
              sets.push([route.id, route.max, route.destinations.map(({ weight }) => weight)]);
        }
        for (const [place, max, weights] of sets) {
          checked();
          const whole = weights.every(
            (weight) => Number.isInteger(weight) && Number(weight) >= 0 && Number(weight) <= max,
          );
          const sum = weights.reduce<number>((total, weight) => total + Number(weight), 0);
          if (whole && sum === max) continue;
          return violation(
            4,
            scene,
            `${writer(happening)} wrote the weights ${weights.join(' + ')} of ${max} to ${place}`,
            `Rollout ${rollout.key}`,
            `${happening.kind} ${happening.key}`,
          );
        }
      }
      return undefined;
    },
  })),
};
