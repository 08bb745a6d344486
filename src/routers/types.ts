/**
 * The one shape of a traffic router. Each lives in a folder of its own with the same files: `config.ts` (what the
 * Rollout says), `desired.ts` (pure: the objects that give a weight), `index.ts` (the `Router`).
 *
 * Routers decide nothing: they say which writes give the wanted weight, and what their objects show now.
 */

import type { Rollout } from '../api/rollout.ts';
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

/** Weights of one pass. The canary gets `weight` of `max`, stable the rest. */
export interface RouteWish {
  readonly weight: number;
  readonly max: number;
}

export interface RouteObservation {
  /** The weight that all objects of the router have; undefined where they are missing or differ. */
  readonly weight: number | undefined;
  /** Nothing but the weight would have to be written. */
  readonly current: boolean;
  /** Confirmation by the data plane; undefined: this router cannot tell. */
  readonly verified?: boolean | undefined;
}

/** The router can't do what it is asked: the text is for the Event `TrafficRoutingError`. */
export class RouterError extends Error {
  override readonly name = 'RouterError';
}

export interface Router {
  /** The field in `trafficRouting`. */
  readonly name: string;
  isConfigured(rollout: Rollout): boolean;
  /** What it reads and writes. A change of one of these objects wakes the Rollouts that `references` gives for it. */
  readonly types: readonly ResourceType[];
  /** Names of the objects, by type, that matter to this Rollout: those that it reads and those that it writes. */
  references(rollout: Rollout): readonly { readonly type: ResourceType; readonly name: string }[];
  /** The writes that give the wanted weight; none where all is as wanted. Throws `RouterError`. */
  desired(rollout: Rollout, wish: RouteWish, objects: RouterObjects): readonly RouterWrite[];
  /** Never throws. */
  observe(rollout: Rollout, max: number, objects: RouterObjects): RouteObservation;
}
