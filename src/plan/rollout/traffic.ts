/** Routes and weights of this pass: what the routers are told, and what status and Events say about it. */

import type { ManagedRoute, TrafficWeights, WeightDestination } from '../../api/rollout.ts';
import { deepEqual } from '../../lang/json.ts';
import { routesInForce } from '../traffic/managed-routes.ts';
import { asksForConfirmation } from '../traffic/confirmation.ts';
import type { WeightDecision } from '../traffic/weights.ts';
import { decideWeight } from '../traffic/weights.ts';
import { isLate } from './conditions.ts';
import { maxWeight } from './defaults.ts';
import type { RoutesWanted } from './intents.ts';
import type { Progress } from './progress.ts';
import { courseOf, isPromoted, stableEndAfter } from './progress.ts';
import { HASH_LABEL } from './names.ts';
import { countsOf, hashOf } from './replica-set.ts';
import { rolesOf, stableEnd } from './roles.ts';
import type { Reachable } from './services.ts';
import type { Situation } from './situation.ts';
import { hasFailed, mostWeight } from './situation.ts';
import { wantedSizes } from './sizes.ts';
import { takesOver } from './takeover.ts';
import type { RouteView } from './snapshot.ts';
import { availableOf } from './canary/counts.ts';

export interface TrafficDecision {
  /** For status.canary.weights. */
  readonly weights: TrafficWeights | undefined;
  /** Whether the current step may count its weight as set. */
  readonly reached: boolean;
}

/** Until a router is looked at, or asked, again. */
const LOOK_AGAIN_MS = 10_000;

const routeKey = (router: string): string => `route/${router}`;

interface TrafficFacts extends Reachable {
  readonly atDesired: boolean;
}

export function weightDecision(s: Situation, p: Progress, facts: TrafficFacts): WeightDecision {
  const stable = isPromoted(s, p) ? s.canary : s.stable;
  const recorded = s.old.canary?.weights?.canary;
  return decideWeight({
    course: courseOf(s, p),
    canary: s.canary,
    canaryWanted: wantedSizes(s, p).canary,
    stable,
    ...facts,
    recorded: atItsEnd(s, p, weightInForce(s, recorded?.weight)),
    highest: mostWeight(s),
    recordedIsOwn: recorded === undefined || recorded.podTemplateHash === s.revisions.hash,
    carrier: carrierOf(s, recorded?.podTemplateHash ?? ''),
    behind: carrierOf(s, behindCanary(s, facts)),
    late: isLate(s.old),
  });
}

/** The two ends of a pair change parts with a promotion, and the same traffic is the other weight from then on. */
function atItsEnd(s: Situation, p: Progress, weight: number | undefined): number | undefined {
  const same = s.strategy.pingPong === undefined || stableEndAfter(s, p) === stableEnd(s.old);
  return weight === undefined || same ? weight : maxWeight(s.strategy) - weight;
}

/** Of the record and what the routers show the smaller one: a weight that somebody took away is raised, not restored. */
function weightInForce(s: Situation, recorded: number | undefined): number | undefined {
  const shown = s.snapshot.routes.map(({ weight }) => weight);
  if (recorded === undefined) return shown.find((weight) => weight !== undefined);
  return Math.min(recorded, ...shown.map((weight) => weight ?? 0));
}

/** The version that the canary's end sends to after the switches of this pass, whatever was on record before. */
function behindCanary(s: Situation, { canaryReachable }: Reachable): string {
  const { canaryService } = rolesOf(s.strategy, stableEnd(s.old));
  const recorded = s.old.canary?.weights?.canary.podTemplateHash ?? s.revisions.hash;
  // Not '': of routes that are gone a router says nothing.
  const shown = s.snapshot.routes.map(({ canaryHash = '' }) => canaryHash).find((hash) => hash !== '');
  if (canaryService === undefined) return shown ?? recorded;
  if (canaryReachable) return s.revisions.hash;
  return s.snapshot.services[canaryService]?.selector[HASH_LABEL] ?? recorded;
}

/** Pods of a version; undefined: it is not there. */
function carrierOf(s: Situation, hash: string) {
  const rs = s.revisions.all.find((item) => hashOf(item) === hash);
  return rs === undefined ? undefined : countsOf(rs);
}

/** Adds the route writes, and their Events, to the plan. */
export function planTraffic(
  s: Situation,
  p: Progress,
  decision: WeightDecision,
  facts: TrafficFacts,
  additional: readonly WeightDestination[] = [],
): TrafficDecision {
  const { draft, snapshot } = s;
  const recorded = s.old.canary?.weights;
  if (!s.routed) return { weights: undefined, reached: true };
  draft.note('weight.decision', decision.why);
  const { weight } = decision;
  if (weight === undefined) return { weights: recorded, reached: false };

  const wanted = routesWanted(s, p, decision, facts, additional);
  let failed = false;
  let changed: string | undefined;
  for (const route of snapshot.routes) {
    const key = routeKey(route.router);
    if (hasFailed(s, key)) {
      failed = true;
    } else if (p.promotedNow || !shows(route, wanted)) {
      changed = key;
      const wave = p.abort ? 'verdict' : 'routes';
      draft.intend({ kind: 'setRoute', key, wave, router: route.router, ...wanted });
      // A write that leaves no trace is tried again, and not in a hot loop.
      draft.lookAgainAt(s.now + LOOK_AGAIN_MS);
    }
  }
  const services = servicesFailed(s);
  if (failed || services) {
    draft.note('weight.failed', failed ? 'the router could not be told' : 'a Service could not be switched');
    return { weights: recorded, reached: false };
  }
  const verified = confirmation(s, p, wanted);
  const weights = weightsFor(s, wanted, verified);
  if (!sameWeights(recorded, weights)) {
    draft.event('Normal', 'TrafficWeightUpdated', `Traffic weight updated ${change(recorded, weights)}`, {
      when: p.abort ? 'after' : 'before',
      ...(changed === undefined ? {} : { of: changed }),
    });
    if (decision.beyondCapacity)
      draft.event(
        'Warning',
        'CanaryBelowWeight',
        `setCanaryScale leaves the canary ${s.canary.available} of ${s.replicas} pods for weight ${weight} of ${wanted.max}`,
      );
  }
  return { weights, reached: decision.reached && verified !== false };
}

function routesWanted(
  s: Situation,
  p: Progress,
  decision: WeightDecision,
  facts: TrafficFacts,
  additional: readonly WeightDestination[],
): RoutesWanted {
  const { weight = 0 } = decision;
  const recorded = s.old.canary?.weights?.canary;
  const canaryHash = canaryEnd(s, decision, facts);
  const managed = managedRoutes(s, p, facts);
  const lowers =
    mostWeight(s) > weight ||
    s.snapshot.routes.some(({ managed: shown = [] }) => shown.length > managed.length);
  return {
    weight,
    max: maxWeight(s.strategy),
    ...rolesOf(s.strategy, stableEndAfter(s, p)),
    canaryHash,
    stableHash: behindStable(s, p),
    additional,
    managed,
    weightFirst: canaryHash !== recorded?.podTemplateHash && lowers,
  };
}

/**
 * The version at the canary's end. Traffic that a replaced version still has stays its own, unless this one takes it over; and
 * so does what somebody gave to another one.
 */
function canaryEnd(s: Situation, { weight = 0, stays = false }: WeightDecision, facts: Reachable): string {
  const { hash } = s.revisions;
  const recorded = s.old.canary?.weights?.canary;
  if (weight === 0 || (facts.canaryReachable && takesOver(s))) return hash;
  if (stays) return behindCanary(s, facts);
  return recorded !== undefined && recorded.weight > 0 ? (recorded.podTemplateHash ?? hash) : hash;
}

/**
 * The version at stable's end. Of a router that knows versions it is never taken from one that serves to one that can't:
 * whoever leads beside us may have promoted, and we don't know yet.
 */
function behindStable(s: Situation, p: Progress): string {
  const serves = (hash: string): boolean => availableOf(carrierOf(s, hash)) > 0;
  const shown = s.snapshot.routes.map(({ stableHash }) => stableHash).find((hash) => hash !== undefined);
  return shown !== undefined && !serves(p.stableHash) && serves(shown) ? shown : p.stableHash;
}

/**
 * Header and mirror routes are there while an update is under way whose canary has pods behind its Service (rule 2), and
 * no replaced version has traffic there.
 */
function managedRoutes(s: Situation, p: Progress, facts: TrafficFacts): readonly ManagedRoute[] {
  const { draft, strategy } = s;
  if (p.stepIndex === undefined || p.abort || p.promoteFull || isPromoted(s, p)) return [];
  const routes = routesInForce(strategy, p.stepIndex);
  if (routes.length === 0) return [];
  const replaced = s.old.canary?.weights?.canary;
  const hold = (why: string): readonly ManagedRoute[] => {
    draft.note('route.wait', `no header or mirror routes: ${why}`);
    return [];
  };
  if (s.canary.available === 0 || wantedSizes(s, p).canary === 0)
    return hold('the canary has no pods for them');
  if (!facts.canaryReachable) return hold('the canary Service does not select the new version yet');
  if (replaced !== undefined && replaced.weight > 0 && replaced.podTemplateHash !== s.revisions.hash)
    return hold('a replaced version still has traffic');
  return routes;
}

/** Whether a router already is as wanted, as far as it can be. */
function shows(route: RouteView, wanted: RoutesWanted): boolean {
  const same = <T>(shown: T | undefined, value: T): boolean => shown === undefined || deepEqual(shown, value);
  return (
    route.current &&
    route.weight === wanted.weight &&
    same(route.canaryHash, wanted.canaryHash) &&
    same(route.stableHash, wanted.stableHash) &&
    same(route.additional, wanted.additional) &&
    same(route.managed, wanted.managed)
  );
}

/** What the data plane says of the weight; undefined: nobody can tell, or it doesn't matter now. */
function confirmation(s: Situation, p: Progress, wanted: RoutesWanted): boolean | undefined {
  const routes = s.snapshot.routes.filter((route) => route.confirms === true);
  if (routes.length === 0) return undefined;
  const recorded = s.old.canary?.weights;
  if (!asksForConfirmation(courseOf(s, p), wanted.weight))
    return recorded?.canary.weight === wanted.weight ? recorded.verified : undefined;
  const answers = routes.map((route) => (route.weight === wanted.weight ? route.verified : false));
  if (!answers.includes(false)) return answers.includes(true) ? true : undefined;
  s.draft.note('weight.confirm', `weight ${wanted.weight} is not confirmed by the router yet`);
  s.draft.lookAgainAt(s.now + LOOK_AGAIN_MS);
  return false;
}

function weightsFor(s: Situation, wanted: RoutesWanted, verified: boolean | undefined): TrafficWeights {
  const { strategy } = s;
  const { weight, max, additional } = wanted;
  const others = additional.reduce((total, destination) => total + destination.weight, 0);
  // The names are those of the strategy, also with ping-pong.
  return {
    canary: {
      weight,
      ...(strategy.canaryService === undefined ? {} : { serviceName: strategy.canaryService }),
      podTemplateHash: wanted.canaryHash,
    },
    stable: {
      weight: max - weight - others,
      ...(strategy.stableService === undefined ? {} : { serviceName: strategy.stableService }),
      podTemplateHash: wanted.stableHash,
    },
    ...(additional.length === 0 ? {} : { additional: [...additional] }),
    ...(verified === undefined ? {} : { verified }),
  };
}

/** In the words of the reference; where only the versions behind the weights changed, it has none. */
function change(from: TrafficWeights | undefined, to: TrafficWeights): string {
  const { weight } = to.canary;
  const text =
    from === undefined
      ? `to ${weight}`
      : from.canary.weight === weight
        ? ''
        : `from ${from.canary.weight} to ${weight}`;
  if (deepEqual(from?.additional ?? [], to.additional ?? [])) return text;
  const list = (to.additional ?? []).map(
    (item) => `{${item.weight} ${item.serviceName ?? ''} ${item.podTemplateHash ?? ''}}`,
  );
  return `${text}, additional: [${list.join(' ')}]`;
}

const servicesFailed = (s: Situation): boolean =>
  s.snapshot.failed.some((failure) => failure.key.startsWith('service/'));

function sameWeights(a: TrafficWeights | undefined, b: TrafficWeights): boolean {
  return a !== undefined && deepEqual({ ...a, verified: undefined }, { ...b, verified: undefined });
}
