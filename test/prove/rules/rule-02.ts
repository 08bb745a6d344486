/**
 * Looked at: every write of ours that makes something send requests to other pods than before, and every write of
 * ours that takes ready pods away from something that sends requests. What dies by itself is not our doing, nor what
 * died in the moment between our looking and our writing; a size of 0 is the user's.
 */

import type { KubeObject } from '../../../src/kube/api.ts';
import { deepEqual } from '../../../src/lang/json.ts';
import { at, HASH, isReadyPod, recordAt, sizeOf } from './read.ts';
import type { Change, Destination, Route, Rule, RolloutScene, Scene } from './types.ts';
import { isOurs, touched, violation, watching, writer } from './watching.ts';

const placeOf = (route: Route, to: Destination): string => `${route.id} > ${to.service}`;
const shapeOf = (to: Destination): string =>
  to.weight > 0 ? to.hashes.toSorted().join(' ') || 'nothing' : 'off';

export const rule02: Rule = {
  number: 2,
  sentence:
    'Through our doing, nothing with a weight above 0, a matching header or mirror route, or an active selector ' +
    'resolves to zero ready endpoints.',
  threads: ['AR 4390', 'AR 2235', 'AR 1731', 'AR 2641'],
  needs: [],
  start: watching((checked) => {
    const shapes = new Map<string, string>();
    const weights = new Map<string, number>();
    return {
      see(happening, scene) {
        if (happening.what !== 'change') return undefined;
        const ours = isOurs(happening) && !isGits(happening);
        const takes = ours && takesPods(happening);
        if (happening.kind === 'Pod' && !takes) return undefined;
        const { name } = happening.actor;
        for (const rollout of touched(happening, scene)) {
          const since = isOurs(happening) ? scene.informedSince(happening) : scene.now;
          for (const route of scene.routes(rollout.key)) {
            const before = (to: Destination): number | undefined => weights.get(placeOf(route, to));
            const hadPods = route.destinations.some((to) => (before(to) ?? 0) > 0 && to.carrying > 0);
            const raised = route.destinations.filter((to) => (before(to) ?? to.weight) < to.weight);
            for (const to of route.destinations) {
              const place = placeOf(route, to);
              const shape = shapeOf(to);
              const moved = shapes.get(place) !== shape;
              shapes.set(place, shape);
              weights.set(place, to.weight);
              // A ReplicaSet that comes back to what selects it sends nothing anywhere.
              const concerns = takes
                ? reaches(to, happening, scene)
                : moved && happening.kind !== 'ReplicaSet';
              if (!ours || !concerns || to.weight <= 0 || isUsers(scene, rollout, since)) continue;
              // A route that somebody rewrites while a pass is on its way can't be known to it.
              if (takes && scene.meddledAt(rollout.key) >= since) continue;
              checked();
              if (
                to.carrying > 0 ||
                believed(scene, rollout, reached(scene, route, to, since), since, name) > 0
              )
                continue;
              // It had none before, either.
              if (!takes && (wasEmpty(happening, rollout) || (raised.includes(to) && !hadPods))) continue;
              if (!takes && believed(scene, rollout, [...rollout.versions.keys()], since, name) === 0)
                continue;
              return violation(
                2,
                scene,
                `${writer(happening)} left ${place} (weight ${to.weight} of ${route.max}) without a ready pod: it ` +
                  `selects ${to.hashes.join(', ') || 'no version'}`,
                `Rollout ${rollout.key}`,
                `${happening.kind} ${happening.key}`,
                `Service ${to.service}`,
              );
            }
          }
        }
        return undefined;
      },
    };
  }),
};

/**
 * What else a Service selects by is the user's, and so is all that a Rollout says of its routes: the syncer brings it from
 * Git. The version that a Service selects is ours.
 */
function isGits({ kind, before, after }: Change): boolean {
  if (kind === 'Rollout') return true;
  const others = (object: KubeObject | undefined): object => {
    const { [HASH]: _, ...rest } = recordAt(object, 'spec', 'selector');
    return rest;
  };
  const version = (object: KubeObject | undefined): unknown => at(object, 'spec', 'selector', HASH);
  if (kind !== 'Service' || after === undefined || version(before) !== version(after)) return false;
  return !deepEqual(others(before) as never, others(after) as never);
}

/** A smaller ReplicaSet, one that is deleted, a pod that is deleted or evicted; each with ready pods. */
function takesPods({ kind, before, after, verb }: Change): boolean {
  if (before === undefined) return false;
  if (kind === 'ReplicaSet') return verb === 'delete' || sizeOf(after) < sizeOf(before);
  const went = after === undefined || after.metadata.deletionTimestamp !== undefined;
  return kind === 'Pod' && went && before.metadata.deletionTimestamp === undefined;
}

function reaches(to: Destination, change: Change, scene: Scene): boolean {
  const hash = (change.after ?? change.before)?.metadata.labels?.[HASH];
  if (hash === undefined) return false;
  if (change.verb === 'delete' && change.kind === 'ReplicaSet')
    return at(scene.get('Service', to.service), 'spec', 'selector', HASH) === hash;
  const rollout = change.before === undefined ? undefined : scene.rolloutOf(change.kind, change.before);
  if (change.kind === 'Pod') return to.hashes.includes(hash) && isReadyPod(change.before);
  // Without ready pods there was nothing to take.
  return to.hashes.includes(hash) && (rollout?.versions.get(hash)?.ready ?? 0) > 0;
}

/** The versions that somebody who does not know what was lost since then takes a destination for. */
function reached(scene: Scene, route: Route, { service }: Destination, since: number): readonly string[] {
  const then = scene.routes(route.rollout, since).find(({ id }) => id === route.id);
  return then?.destinations.find((to) => to.service === service)?.hashes ?? [];
}

/** Pods that the writer could think are ready. */
const believed = (
  scene: Scene,
  rollout: RolloutScene,
  hashes: readonly string[],
  since: number,
  writes: string,
): number => hashes.reduce((sum, hash) => sum + scene.mostReadySince(rollout.key, hash, since, writes), 0);

/** A selector is moved on from a version that has no ready pod. */
function wasEmpty({ kind, before }: Change, { versions }: RolloutScene): boolean {
  const hash = kind === 'Service' ? at(before, 'spec', 'selector', HASH) : undefined;
  return typeof hash === 'string' && (versions.get(hash)?.ready ?? 0) === 0;
}

const isUsers = (scene: Scene, rollout: RolloutScene, since: number): boolean =>
  rollout.ending || scene.leastDesiredSince(rollout.key, since) === 0;
