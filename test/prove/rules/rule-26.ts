/** Looked at: how we take pods away ourselves: by an eviction, and never below a budget. */

import type { KubeObject } from '../../../src/kube/api.ts';
import { at, beside, intOrPercent, isReadyPod, ownerOf, recordAt, sizeOf, TRACKING } from './read.ts';
import type { Rule, Scene } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

export const rule26: Rule = {
  number: 26,
  sentence: 'Evictions honour PodDisruptionBudgets.',
  threads: ['AR 908', 'AR 2119'],
  needs: [],
  start: watching((checked) => ({
    see(happening, scene) {
      if (!isOurs(happening) || happening.kind !== 'Pod' || happening.before === undefined) return undefined;
      const { before, after, key } = happening;
      const goes = after === undefined || after.metadata.deletionTimestamp !== undefined;
      if (!goes || before.metadata.deletionTimestamp !== undefined) return undefined;
      // A pod that Git brought, and has no more, is pruned like any object of the user's.
      if (before.metadata.annotations?.[TRACKING] !== undefined) return undefined;
      checked();
      if (happening.subresource !== 'eviction')
        return violation(
          26,
          scene,
          `${writer(happening)} deleted Pod ${key} instead of evicting it`,
          `Pod ${key}`,
        );
      if (!isReadyPod(before)) return undefined;
      for (const [name, budget] of scene.objects('PodDisruptionBudget')) {
        if (!selects(budget, before)) continue;
        const least = leastOf(scene, budget);
        const left = readyPods(scene, budget);
        if (left >= least) continue;
        return violation(
          26,
          scene,
          `${writer(happening)} evicted Pod ${key}, and ${left} ready pods are left of the ${least} of budget ${name}`,
          `Pod ${key}`,
          `PodDisruptionBudget ${name}`,
        );
      }
      return undefined;
    },
  })),
};

/** Of as many pods as the ReplicaSets of the selected ones ask for. */
function leastOf(scene: Scene, budget: KubeObject): number {
  const sets = new Map<string, number>();
  for (const [key, pod] of scene.objects('Pod')) {
    const owner = ownerOf(pod, 'ReplicaSet');
    if (owner === undefined || !selects(budget, pod)) continue;
    const set = beside(key, owner.name);
    sets.set(set, sizeOf(scene.get('ReplicaSet', set)));
  }
  const expected = [...sets.values()].reduce((sum, size) => sum + size, 0);
  const unavailable = at(budget, 'spec', 'maxUnavailable');
  if (unavailable === undefined) return intOrPercent(at(budget, 'spec', 'minAvailable'), expected, 'up');
  return Math.max(0, expected - intOrPercent(unavailable, expected, 'up'));
}

function selects(budget: KubeObject, pod: KubeObject): boolean {
  if (budget.metadata.namespace !== pod.metadata.namespace) return false;
  if (at(budget, 'spec', 'selector', 'matchExpressions') !== undefined) return false;
  const wanted = Object.entries(recordAt(budget, 'spec', 'selector', 'matchLabels'));
  return wanted.length > 0 && wanted.every(([name, value]) => pod.metadata.labels?.[name] === value);
}

function readyPods(scene: Scene, budget: KubeObject): number {
  let count = 0;
  for (const pod of scene.objects('Pod').values())
    if (pod.metadata.deletionTimestamp === undefined && isReadyPod(pod) && selects(budget, pod)) count++;
  return count;
}
