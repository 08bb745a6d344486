/** Routes that the steps of a canary make in a router. Pure. */

import { invalid, required, type FieldError } from '../../../api/field-error.ts';
import type { CanaryStrategy, TrafficRouting } from '../../../api/rollout.ts';
import { routeNameOf } from '../defaults.ts';

const NO_MANAGED_ROUTES = "Rollout has missing field 'spec.strategy.canary.trafficRouting.managedRoutes'";
const UNKNOWN_ROUTE =
  'Steps define a route that does not exist in spec.strategy.canary.trafficRouting.managedRoutes';

export const hasPlugins = (routing: TrafficRouting | undefined): boolean =>
  routing?.plugins !== undefined && Object.keys(routing.plugins).length > 0;

/** Routes that steps make must be declared, so that a later release knows what to take away. */
export function validateManagedRoutes({ steps, trafficRouting }: CanaryStrategy): FieldError[] {
  if (trafficRouting === undefined) return [];
  const managed = trafficRouting.managedRoutes;
  return (steps ?? []).flatMap((step, index) =>
    (['setHeaderRoute', 'setMirrorRoute'] as const).flatMap((kind) => {
      const route = step[kind];
      if (route === undefined) return [];
      if (managed === undefined)
        return [required('spec.strategy.trafficRouting.managedRoutes', NO_MANAGED_ROUTES)];
      if (managed.some(({ name }) => name === route.name)) return [];
      return [invalid(`spec.strategy.steps[${index}].${kind}`, routeNameOf(route), UNKNOWN_ROUTE)];
    }),
  );
}
