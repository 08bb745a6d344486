/** Looked at: which version becomes stable, and the size of stable while a new one is on its way. */

import { isDynamic, strategyOf } from './facts.ts';
import { hashOf, sizeOf, textAt } from './read.ts';
import type { Rule } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

export const rule19: Rule = {
  number: 19,
  sentence:
    'A new revision in mid-canary keeps stable stable; the middle one goes only after 3. Template and replicas ' +
    'changed in one edit works.',
  threads: ['AR 1372', 'AR 1852', 'AR 3331', 'AR 3256'],
  needs: [],
  start: watching((checked) => ({
    see(happening, scene) {
      if (!isOurs(happening) || happening.before === undefined) return undefined;
      if (happening.kind === 'Rollout') {
        const was = textAt(happening.before, 'status', 'stableRS');
        const is = textAt(happening.after, 'status', 'stableRS');
        if (was === undefined || was === is || happening.after === undefined) return undefined;
        checked();
        const current = textAt(happening.after, 'status', 'currentPodHash');
        const before = textAt(happening.before, 'status', 'currentPodHash');
        if (is === current && before === current) return undefined;
        // The first deployment is not over: the active Service was never switched.
        const first = textAt(happening.before, 'status', 'blueGreen', 'activeSelector') === undefined;
        if (is === current && first && strategyOf(happening.after) === 'blueGreen') return undefined;
        // Nothing ever served it.
        const rollout = scene.rollout(happening.key);
        if (is === current && (rollout?.versions.get(was)?.available ?? 0) === 0) return undefined;
        return violation(
          19,
          scene,
          `${writer(happening)} made ${is ?? 'no version'} stable in the place of ${was}, while the new version is ${current ?? 'unknown'}` +
            (before === current ? '' : ` and was ${before ?? 'unknown'} until now`),
          `Rollout ${happening.key}`,
        );
      }
      if (happening.kind !== 'ReplicaSet') return undefined;
      const rollout = scene.rolloutOf('ReplicaSet', happening.before);
      if (rollout === undefined || rollout.ending || rollout.stable === undefined) return undefined;
      if (rollout.stable === rollout.current || hashOf(happening.before) !== rollout.stable) return undefined;
      if (!rollout.routed && rollout.strategy !== 'blueGreen') return undefined;
      if (isDynamic(scene.get('Rollout', rollout.key) ?? happening.before)) return undefined;
      checked();
      const [from, to] = [sizeOf(happening.before), sizeOf(happening.after)];
      const desired = scene.leastDesiredSince(rollout.key, scene.informedSince(happening));
      if (to >= from || to >= desired) return undefined;
      return violation(
        19,
        scene,
        `${writer(happening)} scaled stable ${rollout.stable} from ${from} to ${to} of ${desired} pods in the middle of an update`,
        `Rollout ${rollout.key}`,
        `ReplicaSet ${happening.key}`,
      );
    },
  })),
};
