/** Which version each Service selects (spec 02 section 15, 03 section 9). One decision for each Service and pass. */

import type { Counts } from './canary/counts.ts';
import type { Sizes } from './canary/target.ts';
import { basicTarget } from './canary/sizes.ts';
import { HASH_LABEL } from './names.ts';
import type { Target, Wave } from './intents.ts';
import type { Progress } from './progress.ts';
import { courseOf, isPromoted, stableEndAfter } from './progress.ts';
import { hashOf } from './replica-set.ts';
import { rolesOf, stableEnd } from './roles.ts';
import type { Situation } from './situation.ts';
import { hasFailed, mayGetTraffic, mostWeight } from './situation.ts';
import { takesOver } from './takeover.ts';
import { availableOf } from './canary/counts.ts';

interface Wish {
  readonly service: string;
  readonly hash: string;
  readonly counts: Counts;
  /** Not to wait for pods of it: nothing is sent there before they are available. */
  readonly unchecked?: boolean;
}

/** Whether the two Services select their versions, now or by a write of this plan; one that isn't named always does. */
export interface Reachable {
  readonly canaryReachable: boolean;
  readonly stableReachable: boolean;
}

/** Adds the switches to the plan. */
export function planServices(s: Situation, p: Progress): Reachable {
  for (const wish of wishes(s, p)) switchService(s, p, wish);
  const before = rolesOf(s.strategy, stableEnd(s.old));
  const after = rolesOf(s.strategy, stableEndAfter(s, p));
  return {
    canaryReachable: selectsNow(s, before.canaryService, s.revisions.hash),
    stableReachable: selectsNow(s, after.stableService, p.stableHash),
  };
}

function selectsNow(s: Situation, service: string | undefined, hash: string): boolean {
  if (service === undefined) return true;
  const switched = s.draft.intents.findLast(
    (intent) => intent.kind === 'setServiceSelector' && intent.service === service,
  );
  const selected = switched?.kind === 'setServiceSelector' ? switched.hash : undefined;
  return (selected ?? s.snapshot.services[service]?.selector[HASH_LABEL]) === hash;
}

function wishes(s: Situation, p: Progress): Wish[] {
  const list: Wish[] = [...pingPongWishes(s, p)];
  const { canaryService, stableService } = s.strategy;
  const fresh: Omit<Wish, 'service'> = { hash: s.revisions.hash, counts: s.canary };
  const stable: Omit<Wish, 'service'> | undefined = isPromoted(s, p)
    ? fresh
    : s.stable === undefined
      ? undefined
      : { hash: p.stableHash, counts: s.stable };
  if (named(stableService) && stable !== undefined)
    list.push({ service: stableService, ...(stableGivesWay(s, p) ? fresh : stable) });
  if (named(canaryService)) {
    const wanted = p.abort ? stable : fresh;
    const now = holdsRoom(s, canaryService) || isEmptied(s, p) ? stable : wanted;
    if (now !== undefined) list.push({ service: canaryService, ...now });
  }
  // One decision for each Service: of one that is in the pair, too, the pair's.
  return list.filter(({ service }, i) => list.findIndex((wish) => wish.service === service) === i);
}

/**
 * Basic canary: the canary Service still selects a version between the two, whose last pods stay for that, and they take
 * the room that the new version's first pod needs. Until it is there, stable answers.
 */
function holdsRoom(s: Situation, service: string): boolean {
  if (s.routed || s.canary.size > 0 || availableOf(s.stable) === 0) return false;
  const selected = s.snapshot.services[service]?.selector[HASH_LABEL];
  return s.revisions.others.some((rs) => hashOf(rs) === selected);
}

/**
 * Basic canary: the step asks for no pods of the new version, as `setWeight: 0` after another one does. Its Service goes to
 * stable first: for as long as it selects them the last pods stay, and the step would never be done.
 */
function isEmptied(s: Situation, p: Progress): boolean {
  if (s.routed || p.abort || isPromoted(s, p) || availableOf(s.stable) === 0) return false;
  return targetOf(s, p).canary === 0;
}

/**
 * Of a pair only the end that plays the canary's part is ever moved, and before the new version has pods. That of a
 * stable version which never had it (ping-pong is new to this Rollout) is given to it once.
 */
function pingPongWishes(s: Situation, p: Progress): Wish[] {
  if (s.strategy.pingPong === undefined) return [];
  const { canaryService, stableService } = rolesOf(s.strategy, stableEnd(s.old));
  const list: Wish[] = [];
  const settled = isPromoted(s, p) && !p.promotedNow;
  if (canaryService !== undefined && !settled)
    list.push({ service: canaryService, hash: s.revisions.hash, counts: s.canary, unchecked: true });
  const stable = isPromoted(s, p) ? s.canary : s.stable;
  if (stableService !== undefined && stable !== undefined && !p.promotedNow && !selects(s, stableService))
    list.push({ service: stableService, hash: p.stableHash, counts: stable });
  return list;
}

const selects = (s: Situation, service: string): boolean =>
  s.snapshot.services[service]?.selector[HASH_LABEL] !== undefined;

const named = (service: string | undefined): service is string => service !== undefined && service !== '';

/**
 * Basic canary at its end: the last stable pod goes before the new version counts as stable, so its Service moves on
 * first. Otherwise it would select nothing for a while.
 */
function stableGivesWay(s: Situation, p: Progress): boolean {
  if (s.routed || p.abort || isPromoted(s, p) || s.stable === undefined) return false;
  return targetOf(s, p).stable === 0 && s.canary.available > 0;
}

const targetOf = (s: Situation, p: Progress): Sizes =>
  basicTarget({ course: courseOf(s, p), canary: s.canary, stable: s.stable, others: s.others }, s.fences);

function switchService(s: Situation, p: Progress, wish: Wish): void {
  const { draft } = s;
  const view = s.snapshot.services[wish.service];
  if (view === undefined || view === null) return; // reported as InvalidSpec
  const key = `service/${wish.service}`;
  if (hasFailed(s, key)) return;
  const from = view.selector[HASH_LABEL] ?? '';
  const adopted = view.managedBy !== undefined;
  if (from === wish.hash && adopted) return;
  if (from !== wish.hash) {
    const { counts } = wish;
    const ready =
      wish.unchecked === true ||
      (adopted ? counts.available > 0 : counts.size > 0 && counts.available >= counts.size);
    if (!ready) {
      draft.note(
        'service.wait',
        `Service ${wish.service} waits for pods of ${wish.hash}: ${counts.available} of ${counts.size} available`,
      );
      return;
    }
    if (carriesOtherTraffic(s, wish)) {
      draft.note('service.wait', `Service ${wish.service} still has the traffic of another version`);
      return;
    }
  }
  selectVersion(s, wish.service, wish.hash, {
    wave: p.abort ? 'release' : 'services',
    when: p.abort ? 'after' : 'before',
    restsOn: promotedByOthers(s, p, wish.hash, from),
  });
}

/**
 * The new version, where its Service would be taken back from it though nobody aborted it: whoever leads beside us, or
 * led before, may have seen more of its pods than our cache knows, and be about to let the old ones go.
 */
function promotedByOthers(s: Situation, p: Progress, hash: string, from: string): Target | undefined {
  const { fresh } = s.revisions;
  if (p.abort || fresh === undefined || from !== s.revisions.hash || hash === from) return undefined;
  const { name, uid, resourceVersion } = fresh.metadata;
  return { name, uid, resourceVersion };
}

/** Adds the switch of a Service to the plan, with its Event; says whether it selects the version after this pass. */
export function selectVersion(
  s: Pick<Situation, 'snapshot' | 'draft'>,
  service: string,
  hash: string,
  place: { readonly wave: Wave; readonly when: 'before' | 'after'; readonly restsOn?: Target | undefined },
): boolean {
  const view = s.snapshot.services[service];
  if (view === undefined || view === null) return false; // reported as InvalidSpec
  const from = view.selector[HASH_LABEL] ?? '';
  const key = `service/${service}`;
  if (from === hash && view.managedBy !== undefined) return true;
  if (hasFailed(s, key)) return from === hash;
  if (from !== hash) {
    const text = `Switched selector for service '${service}' from '${from}' to '${hash}'`;
    s.draft.event('Normal', 'SwitchService', text, { of: key, when: place.when });
    s.draft.note('service.switch', `Service ${service} selects ${hash}`);
  }
  const { wave, restsOn } = place;
  const rests = restsOn === undefined ? {} : { restsOn };
  s.draft.intend({ kind: 'setServiceSelector', key, wave, service, hash, from, ...rests });
  return true;
}

/**
 * The canary Service may change its version only while the routers send it nothing, header and mirror routes included, or
 * it gets its own back. The stable version may take it in any case, unless it was made small on purpose.
 */
function carriesOtherTraffic(s: Situation, wish: Wish): boolean {
  const { canaryService } = rolesOf(s.strategy, stableEnd(s.old));
  if (!s.routed || wish.service !== canaryService) return false;
  const recorded = s.old.canary?.weights?.canary;
  if (recorded === undefined || !mayGetTraffic(s)) return false;
  // More than its own is what somebody gave to whatever is selected now.
  const isOwn = mostWeight(s) <= recorded.weight || availableOf(s.stable) === 0;
  if (recorded.podTemplateHash === wish.hash && isOwn) return false;
  if (wish.hash === s.revisions.hash && takesOver(s)) return false;
  return s.strategy.dynamicStableScale === true || s.old.stableRS !== wish.hash;
}

/**
 * Whether a Service that the Rollout names selects this version, now or by a write of this plan. The idle end of a ping-pong
 * pair doesn't count.
 */
export const isSelected = (s: Situation, hash: string): boolean =>
  isSelectedBeside(s, hash, s.strategy.pingPong === undefined ? undefined : idleService(s));

/** The same, but by another Service than that of a canary to which nothing is routed. */
export const isServed = (s: Situation, hash: string): boolean => isSelectedBeside(s, hash, idleService(s));

/** Whether one of the Services that `isSelected` looks at names no version, and so selects every one. */
export function selectsEvery(s: Situation): boolean {
  const idle = s.strategy.pingPong === undefined ? undefined : idleService(s);
  return Object.entries(s.snapshot.services).some(
    ([name, view]) => name !== idle && view !== null && view.selector[HASH_LABEL] === undefined,
  );
}

const idleService = (s: Situation): string | undefined =>
  s.routed && mayGetTraffic(s) ? undefined : rolesOf(s.strategy, stableEnd(s.old)).canaryService;

const isSelectedBeside = (s: Situation, hash: string, idle: string | undefined): boolean =>
  Object.entries(s.snapshot.services).some(
    ([name, view]) => name !== idle && view?.selector[HASH_LABEL] === hash,
  ) ||
  s.draft.intents.some(
    (intent) => intent.kind === 'setServiceSelector' && intent.service !== idle && intent.hash === hash,
  );
