/** Routes and weights of this pass: what the routers are told, and what status and Events say about it. */

import type { TrafficWeights } from '../../api/rollout.ts';
import { deepEqual } from '../../lang/json.ts';
import type { WeightDecision } from '../traffic/weights.ts';
import { decideWeight } from '../traffic/weights.ts';
import { maxWeight } from './defaults.ts';
import type { Progress } from './progress.ts';
import { courseOf, isPromoted } from './progress.ts';
import type { Situation } from './situation.ts';
import { hasFailed } from './situation.ts';

export interface TrafficDecision {
  /** For status.canary.weights. */
  readonly weights: TrafficWeights | undefined;
  /** Whether the current step may count its weight as set. */
  readonly reached: boolean;
}

const routeKey = (router: string): string => `route/${router}`;

export function weightDecision(
  s: Situation,
  p: Progress,
  facts: { atDesired: boolean; canaryReachable: boolean },
): WeightDecision {
  const stable = isPromoted(s, p) ? s.canary : s.stable;
  const recorded = s.old.canary?.weights?.canary;
  return decideWeight({
    course: courseOf(s, p),
    canary: s.canary,
    stable,
    ...facts,
    recorded: recorded?.weight,
    recordedIsOwn: recorded?.podTemplateHash === s.revisions.hash,
  });
}

/** Adds the route writes, and their Events, to the plan. */
export function planTraffic(s: Situation, p: Progress, decision: WeightDecision): TrafficDecision {
  const { draft, snapshot, strategy } = s;
  const recorded = s.old.canary?.weights;
  if (!s.routed) return { weights: undefined, reached: true };
  draft.note('weight.decision', decision.why);
  const { weight } = decision;
  if (weight === undefined) return { weights: recorded, reached: false };

  const max = maxWeight(strategy);
  let failed = false;
  let changed: string | undefined;
  for (const route of snapshot.routes) {
    const key = routeKey(route.router);
    if (hasFailed(s, key)) {
      failed = true;
    } else if (route.weight !== weight || !route.current) {
      changed = key;
      draft.intend({
        kind: 'setRoute',
        key,
        wave: p.abort ? 'verdict' : 'routes',
        router: route.router,
        weight,
        max,
      });
    }
  }
  const services = servicesFailed(s);
  if (failed || services) {
    draft.note('weight.failed', failed ? 'the router could not be told' : 'a Service could not be switched');
    return { weights: recorded, reached: false };
  }
  const verified = snapshot.routes.find((route) => route.verified !== undefined)?.verified;
  const weights: TrafficWeights = {
    canary: {
      weight,
      ...(strategy.canaryService === undefined ? {} : { serviceName: strategy.canaryService }),
      podTemplateHash: s.revisions.hash,
    },
    stable: {
      weight: max - weight,
      ...(strategy.stableService === undefined ? {} : { serviceName: strategy.stableService }),
      podTemplateHash: p.stableHash,
    },
    ...(verified === undefined ? {} : { verified }),
  };
  if (!sameWeights(recorded, weights)) {
    const from = recorded?.canary.weight;
    const text =
      from === undefined
        ? `to ${weight}`
        : from === weight
          ? '' // only the versions behind the weights changed; the text is that of the reference
          : `from ${from} to ${weight}`;
    draft.event('Normal', 'TrafficWeightUpdated', `Traffic weight updated ${text}`, {
      when: p.abort ? 'after' : 'before',
      ...(changed === undefined ? {} : { of: changed }),
    });
    if (decision.beyondCapacity)
      draft.event(
        'Warning',
        'CanaryBelowWeight',
        `setCanaryScale leaves the canary ${s.canary.available} of ${s.replicas} pods for weight ${weight} of ${max}`,
      );
  }
  return { weights, reached: decision.reached && verified !== false };
}

const servicesFailed = (s: Situation): boolean =>
  s.snapshot.failed.some((failure) => failure.key.startsWith('service/'));

function sameWeights(a: TrafficWeights | undefined, b: TrafficWeights): boolean {
  return a !== undefined && deepEqual({ ...a, verified: undefined }, { ...b, verified: undefined });
}
