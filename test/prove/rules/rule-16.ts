/**
 * Looked at: "already exists" answers and what the process does next, collisions that it counts, and objects that it
 * deletes: an old cache shows itself by deleting what is in use.
 */

import { at, beside, nameOf, numberAt, ownerOf, sizeOf, textAt } from './read.ts';
import { isCompletedPhase } from './attempts.ts';
import type { Change, Rule, Scene } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

export const rule16: Rule = {
  number: 16,
  sentence:
    'No irreversible act on a cache older than our own last write; "already exists" leads to a live read, then adopt ' +
    'or count a collision.',
  threads: ['AR 4073', 'AR 3316', 'AR 2522', 'AR 4842'],
  needs: [],
  start: watching((checked) => {
    /** ReplicaSets that a process was told exist, and that it has not read since. */
    const unread = new Map<string, Set<string>>();
    return {
      see(happening, scene) {
        if (happening.what === 'call') {
          const of = unread.get(happening.actor.name) ?? new Set<string>();
          unread.set(happening.actor.name, of);
          const id = `${happening.kind} ${happening.key}`;
          if (happening.verb === 'get') of.delete(id);
          if (happening.verb === 'create' && happening.code === 409 && happening.kind === 'ReplicaSet')
            of.add(id);
          return undefined;
        }
        if (!isOurs(happening)) return undefined;
        if (happening.kind === 'Rollout') {
          const [before, after] = [happening.before, happening.after].map(
            (object) => numberAt(object, 'status', 'collisionCount') ?? 0,
          );
          if ((after ?? 0) <= (before ?? 0) || happening.before === undefined) return undefined;
          checked();
          const [blind] = unread.get(happening.actor.name) ?? [];
          if (blind === undefined) return undefined;
          return violation(
            16,
            scene,
            `${writer(happening)} counted a collision without reading ${blind}, which exists`,
            `Rollout ${happening.key}`,
            blind,
          );
        }
        if (happening.verb !== 'delete' || happening.before === undefined) return undefined;
        checked();
        const why = inUse(happening, scene);
        return why === undefined
          ? undefined
          : violation(
              16,
              scene,
              `${writer(happening)} deleted ${nameOf(happening.before)}, ${why}`,
              nameOf(happening.before),
            );
      },
    };
  }),
};

function inUse({ kind, key, before }: Change, scene: Scene): string | undefined {
  if (before === undefined) return undefined;
  if (kind === 'ReplicaSet')
    return sizeOf(before) > 0 || (numberAt(before, 'status', 'replicas') ?? 0) > 0
      ? `which has ${Math.max(sizeOf(before), numberAt(before, 'status', 'replicas') ?? 0)} pods`
      : undefined;
  if (kind !== 'AnalysisRun' || isCompletedPhase(textAt(before, 'status', 'phase') ?? '')) return undefined;
  const owner = ownerOf(before, 'Rollout');
  const rollout = owner === undefined ? undefined : scene.get('Rollout', beside(key, owner.name));
  const named = JSON.stringify(at(rollout, 'status') ?? {}).includes(`"${before.metadata.name}"`);
  return named ? 'which is running and named in the status' : undefined;
}
