/**
 * The one shape of a traffic router. Each lives in a folder of its own with the same files: `config.ts` (what the
 * Rollout says), `desired.ts` (pure: the objects that give a weight), `index.ts` (the `Router`).
 *
 * Routers decide nothing: they say which writes give the wanted routes, and what their objects show now.
 */

import type { ManagedRoute, Rollout, WeightDestination } from '../api/rollout.ts';
import type { KubeObject, Patch, ResourceType } from '../kube/api.ts';

/** What the stores hold in the namespace of the Rollout. */
export interface RouterObjects {
  get(type: ResourceType, name: string): KubeObject | undefined;
}

export interface RouterEvent {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/** One write of one object, with the Events that tell of it when it succeeded. */
export type RouterWrite = {
  readonly type: ResourceType;
  readonly name: string;
  readonly events: readonly RouterEvent[];
} & (
  | { readonly action: 'create'; readonly object: KubeObject }
  | { readonly action: 'patch'; readonly patch: Patch }
);

/** The Services in the roles that they play now (with ping-pong they change); undefined: not named. */
export interface RouteServices {
  readonly canaryService: string | undefined;
  readonly stableService: string | undefined;
}

/**
 * All that a router is asked for in one pass. The canary gets `weight` of `max`, each of `additional` its own, stable
 * the rest. `weightFirst`: what lowers the weight or drops routes is written before what changes the versions; else the other way
 * round.
 */
export interface RouteWish extends RouteServices {
  readonly weight: number;
  readonly max: number;
  readonly canaryHash: string;
  readonly stableHash: string;
  readonly additional: readonly WeightDestination[];
  /** Header and mirror routes to the canary, first match first; those that are not here are to go. */
  readonly managed: readonly ManagedRoute[];
  readonly weightFirst: boolean;
}

export interface RouteObservation {
  /** The weight that all objects of the router have; undefined where they are missing or differ. */
  readonly weight: number | undefined;
  /** Nothing but what stands below and the weight would have to be written. */
  readonly current: boolean;
  /** The versions behind the two weights; undefined: the router knows only Services. */
  readonly canaryHash?: string | undefined;
  readonly stableHash?: string | undefined;
  /** Undefined: the router knows no more than two destinations. */
  readonly additional?: readonly WeightDestination[] | undefined;
  /**
   * Header and mirror routes that are there under a name of `managedRoutes`, in their order and as a step would ask for
   * them; one that no step asks for in this form has no match. Undefined: the router makes none.
   */
  readonly managed?: readonly ManagedRoute[] | undefined;
}

/** The router can't do what it is asked: the text is for the Event `TrafficRoutingError`. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
}

export interface Router {
  /** The field in `trafficRouting`; of a plugin `plugins.` and its key there. */
  readonly name: string;
  isConfigured(rollout: Rollout): boolean;
  /** What it reads and writes. A change of one of these objects wakes the Rollouts that `references` gives for it. */
  readonly types: readonly ResourceType[];
  /** Names of the objects, by type, that matter to this Rollout: those that it reads and those that it writes. */
  references(rollout: Rollout): readonly { readonly type: ResourceType; readonly name: string }[];
  /** The writes, in their order, that give what is wanted; none where all is so. Throws `RouterError`. */
  desired(rollout: Rollout, wish: RouteWish, objects: RouterObjects): readonly RouterWrite[];
  /** Never throws. */
  observe(
    rollout: Rollout,
    scope: Pick<RouteWish, 'max'> & RouteServices,
    objects: RouterObjects,
  ): RouteObservation;
  /**
   * Whether the data plane has the weight; undefined: it can't be told for this Rollout. Only where a router can ask.
   * May throw; is ended by the signal.
   */
  verify?(
    rollout: Rollout,
    wish: Pick<RouteWish, 'weight' | 'max'>,
    objects: RouterObjects,
    signal: AbortSignal,
  ): Promise<boolean | undefined>;
}
