/** Which Service plays which part (spec 03 section 9). With ping-pong the two change parts at each promotion. */

import type { CanaryStrategy, RolloutStatus } from '../../api/rollout.ts';

/** Undefined: not named. */
export interface ServiceRoles {
  readonly canaryService: string | undefined;
  readonly stableService: string | undefined;
}

export type PingPong = 'ping' | 'pong';

/** Of the stable version. Before the first promotion it is `pong`, so that the first version comes up behind `ping`. */
export const stableEnd = (status: RolloutStatus): PingPong =>
  status.canary?.stablePingPong === 'ping' ? 'ping' : 'pong';

export const otherEnd = (end: PingPong): PingPong => (end === 'ping' ? 'pong' : 'ping');

/** The pair where there is one, else the Services of the strategy. */
export function rolesOf(strategy: CanaryStrategy, stable: PingPong): ServiceRoles {
  const { pingPong, canaryService, stableService } = strategy;
  if (pingPong === undefined)
    return { canaryService: named(canaryService), stableService: named(stableService) };
  const { pingService: ping, pongService: pong } = pingPong;
  return stable === 'ping'
    ? { stableService: ping, canaryService: pong }
    : { stableService: pong, canaryService: ping };
}

const named = (service: string | undefined): string | undefined => (service === '' ? undefined : service);
