/**
 * Looked at: every write that a process sends, against the Lease as the API server has it, and whether a write that
 * can't be undone (fewer pods, a deleted object, more weight, another selector) says what it was decided on.
 */

import { numberAt, sizeOf, textAt } from './read.ts';
import { selectorHash } from './attempts.ts';
import type { Call, Change, Rule } from './types.ts';
import { isOurs, seconds, violation, watching } from './watching.ts';

const READS = new Set(['get', 'list', 'watch']);

export const rule15: Rule = {
  number: 15,
  sentence:
    'With two leaders for a moment no other rule breaks: a deposed leader starts no new write, and writes that ' +
    "can't be undone carry a precondition, so that bytes already on the wire do no harm.",
  threads: ['AR 2117'],
  needs: ['call'],
  start: watching((checked) => {
    /** When each process took or renewed the lease for the last time, and for how long. */
    const renewed = new Map<string, { at: number; ms: number }>();
    const harmful = new Map<string, string>();
    /** Processes that can't tell how old their lease is. */
    const clockless = new Set<string>();
    let hasLease = false;
    // By the pass, too: an answer that gets lost is heard of late, and others write meanwhile.
    const idOf = ({ actor, kind, key }: Change | Call): string =>
      `${actor.name} ${actor.pass ?? ''} ${kind} ${key}`;
    return {
      see(happening, scene) {
        if (happening.what === 'change' && isOurs(happening)) {
          if (happening.kind === 'Lease') {
            hasLease = true;
            const ms = (numberAt(happening.after, 'spec', 'leaseDurationSeconds') ?? 15) * 1_000;
            const holder = textAt(happening.after, 'spec', 'holderIdentity');
            if (holder === happening.actor.name) renewed.set(holder, { at: scene.now, ms });
            else renewed.delete(happening.actor.name);
          }
          const harm = harmOf(happening);
          if (harm !== undefined) harmful.set(idOf(happening), harm);
          return undefined;
        }
        if (happening.what === 'fault' && happening.kind.includes('clock')) clockless.add(happening.target);
        if (happening.what !== 'call' || READS.has(happening.verb) || happening.kind === 'Lease')
          return undefined;
        const harm = harmful.get(idOf(happening));
        harmful.delete(idOf(happening));
        const about = `${happening.kind} ${happening.key}`;
        checked();
        if (harm !== undefined && !happening.precondition)
          return violation(
            15,
            scene,
            `${happening.actor.name} ${harm} (${about}) without a precondition`,
            about,
          );
        if (!hasLease || happening.kind === 'Event' || clockless.has(happening.actor.name)) return undefined;
        const lease = renewed.get(happening.actor.name);
        if (lease !== undefined && happening.sentAt - lease.at <= lease.ms) return undefined;
        return violation(
          15,
          scene,
          `${happening.actor.name} sent a ${happening.verb} of ${about} ` +
            (lease === undefined
              ? 'without the lease'
              : `${seconds(happening.sentAt - lease.at)} after it renewed the lease`),
          about,
        );
      },
    };
  }),
};

function harmOf({ kind, verb, before, after }: Change): string | undefined {
  if (before === undefined) return undefined;
  if (
    verb === 'delete' ||
    (after !== undefined && after.metadata.deletionTimestamp !== before.metadata.deletionTimestamp)
  )
    return ['ReplicaSet', 'AnalysisRun', 'Pod'].includes(kind) ? 'deleted an object' : undefined;
  if (kind === 'ReplicaSet' && sizeOf(after) < sizeOf(before)) return 'scaled down';
  if (kind === 'Service' && selectorHash(before) !== selectorHash(after)) return 'moved a selector';
  if (kind === 'Ingress' && canaryWeight(after) > canaryWeight(before)) return 'raised a weight';
  return undefined;
}

const canaryWeight = (ingress: { metadata: { annotations?: Record<string, string> } } | undefined): number =>
  Number(
    Object.entries(ingress?.metadata.annotations ?? {}).find(([name]) =>
      name.endsWith('/canary-weight'),
    )?.[1] ?? 0,
  );
