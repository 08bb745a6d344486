/** The routers of a rehearsal: what is asked of them they show at once, as far as they know of it. */

import type { RoutesWanted } from '../rollout/intents.ts';
import type { ServiceRoles } from '../rollout/roles.ts';
import type { RouteView } from '../rollout/snapshot.ts';

export interface RouteState {
  readonly view: RouteView;
  /** The canary's Service when the router was last written; undefined: not yet. */
  readonly canaryService?: string | undefined;
  readonly max?: number;
}

/** What a router never showed it doesn't know. */
export function afterWrite({ view }: RouteState, wanted: RoutesWanted): RouteState {
  const { weight, max, canaryHash, stableHash, additional, managed, canaryService } = wanted;
  return {
    canaryService,
    max,
    view: {
      ...view,
      weight,
      current: true,
      ...(view.canaryHash === undefined ? {} : { canaryHash }),
      ...(view.stableHash === undefined ? {} : { stableHash }),
      ...(view.additional === undefined ? {} : { additional }),
      ...(view.managed === undefined ? {} : { managed }),
      ...(view.confirms === true ? { verified: true } : {}),
    },
  };
}

/** With the Services in the parts that they play now: a ping-pong pair may have swapped them since the last write. */
export function shownAs(state: RouteState, { canaryService }: ServiceRoles): RouteView {
  const { view, max } = state;
  if (max === undefined || view.weight === undefined || state.canaryService === canaryService) return view;
  return {
    ...view,
    weight: max - view.weight,
    ...(view.canaryHash === undefined ? {} : { canaryHash: view.stableHash, stableHash: view.canaryHash }),
  };
}
