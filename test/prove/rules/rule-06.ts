/**
 * Looked at: the selector of a Service, the weight of an Ingress, the size of a ReplicaSet, each time that we change
 * one. One pass decides a field once, unless it has to look again because somebody else wrote first or time has passed; and a field that
 * goes to and fro without a cause from outside feeds itself. A step that is reached for the first time is a cause: the
 * spec asks for it.
 */

import { at, HASH, numberAt, textAt } from './read.ts';
import type { Actor, Change, Rule } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

const FLIPS = 4;
const WITHIN_MS = 30_000;
/** A plan that has become old is made again in the same pass. */
const LOOKS_AGAIN_MS = 10_000;

interface Course {
  values: { at: number; value: string }[];
}

export const rule06: Rule = {
  number: 6,
  sentence: 'Each external field is decided once per pass; nothing flaps.',
  threads: ['AR 3078', 'AR 4973'],
  needs: [],
  start: watching((checked) => {
    const courses = new Map<string, Course>();
    const decided = new Map<string, { at: number; value: string }>();
    const farthest = new Map<string, { hash: string; step: number }>();
    let causeAt = -Infinity;
    return {
      see(happening, scene) {
        if (happening.what === 'pass' && happening.state === 'ends') decided.clear();
        // Somebody wrote first: the pass begins anew, with another look and another decision.
        if (happening.what === 'call' && happening.code === 409) forget(decided, passOf(happening.actor));
        // The plan of a write that took so long is old when that is answered.
        if (happening.what === 'call' && scene.now - happening.sentAt >= LOOKS_AGAIN_MS)
          forget(decided, passOf(happening.actor));
        if (happening.what === 'fault') causeAt = happening.at;
        if (happening.what !== 'change') return undefined;
        if (happening.kind === 'Rollout' && goesOn(farthest, happening)) causeAt = happening.at;
        const written = fieldOf(happening);
        if (!isOurs(happening)) {
          if (happening.actor.role !== 'kubernetes') causeAt = happening.at;
          return undefined;
        }
        if (written === undefined) return undefined;
        checked();
        const { field, value } = written;
        const place = `${happening.kind} ${happening.key} ${field}`;
        const inPass = `${passOf(happening.actor)}${place}`;
        const earlier = happening.actor.pass === undefined ? undefined : decided.get(inPass);
        decided.set(inPass, { at: scene.now, value });
        if (earlier !== undefined && scene.now - earlier.at < LOOKS_AGAIN_MS)
          return violation(
            6,
            scene,
            `${writer(happening)} wrote ${field} of ${happening.kind} ${happening.key} twice in one pass: ${earlier.value}, then ${value}`,
            `${happening.kind} ${happening.key}`,
          );
        const course = courses.get(place) ?? { values: [] };
        courses.set(place, course);
        course.values = [...course.values, { at: scene.now, value }].slice(-FLIPS - 2);
        const { values } = course;
        const [first] = values;
        if (values.length < FLIPS + 2 || first === undefined) return undefined;
        if (scene.now - first.at > WITHIN_MS || causeAt >= first.at) return undefined;
        const flaps = values.every((item, i) => i < 2 || item.value === values[i - 2]?.value);
        if (!flaps) return undefined;
        return violation(
          6,
          scene,
          `${field} of ${happening.kind} ${happening.key} goes to and fro with no cause from outside: ${values.map((item) => item.value).join(', ')}`,
          `${happening.kind} ${happening.key}`,
        );
      },
    };
  }),
};

/** Whether this change takes a version to a step that it has not been at. */
function goesOn(farthest: Map<string, { hash: string; step: number }>, { key, after }: Change): boolean {
  const hash = textAt(after, 'status', 'currentPodHash') ?? '';
  const step = numberAt(after, 'status', 'currentStepIndex') ?? 0;
  const before = farthest.get(key);
  if (before?.hash === hash && step <= before.step) return false;
  farthest.set(key, { hash, step });
  return before?.hash === hash;
}

const passOf = ({ name, pass }: Actor): string => `${name} ${pass ?? ''} `;

function forget(decided: Map<string, unknown>, inPass: string): void {
  for (const key of decided.keys()) if (key.startsWith(inPass)) decided.delete(key);
}

/** The one field of this kind that sends traffic or pods somewhere, if this change changed it. */
function fieldOf({ kind, before, after }: Change): { field: string; value: string } | undefined {
  const changed = (
    field: string,
    read: (object: unknown) => unknown,
  ): { field: string; value: string } | undefined => {
    const value = JSON.stringify(read(after)) ?? 'none';
    return before === undefined || after === undefined || value === (JSON.stringify(read(before)) ?? 'none')
      ? undefined
      : { field, value };
  };
  if (kind === 'Service') return changed('the selector', (object) => at(object, 'spec', 'selector', HASH));
  if (kind === 'ReplicaSet') return changed('the size', (object) => at(object, 'spec', 'replicas'));
  if (kind === 'Ingress')
    return changed('the weight', (object) =>
      Object.entries((at(object, 'metadata', 'annotations') as Record<string, string> | undefined) ?? {})
        .filter(([name]) => name.endsWith('/canary-weight'))
        .map(([, value]) => value),
    );
  return undefined;
}
