/** Header and mirror routes that must exist at a step (spec 03 section 6; rule 20: from spec and step alone). Pure. */

import type { CanaryStep, CanaryStrategy, ManagedRoute } from '../../api/rollout.ts';
import { stepsOf, routeNameOf } from '../rollout/defaults.ts';

const KINDS = ['setHeaderRoute', 'setMirrorRoute'] as const;

/**
 * For each name the nearest step at or before `stepIndex` that sets it; without a match it takes the route away. An
 * index beyond the steps: all of them count. In the order of `managedRoutes`, which is that of precedence.
 */
export function routesInForce(strategy: CanaryStrategy, stepIndex: number): ManagedRoute[] {
  const latest = new Map<string, ManagedRoute>();
  for (const step of stepsOf(strategy).slice(0, stepIndex + 1)) {
    for (const kind of KINDS) {
      const route = step[kind];
      if (route === undefined) continue;
      const name = routeNameOf(route);
      if ((route.match ?? []).length > 0) latest.set(name, routeOf(step, kind));
      else latest.delete(name);
    }
  }
  const names = new Set((strategy.trafficRouting?.managedRoutes ?? []).map(({ name }) => name));
  return [...names].flatMap((name) => latest.get(name) ?? []);
}

const routeOf = (step: CanaryStep, kind: (typeof KINDS)[number]): ManagedRoute => ({ [kind]: step[kind] });
