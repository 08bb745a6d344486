/** Rules of the canary strategy (spec 01 section 3.3). Paths leave out `canary`, as the reference's do. Pure. */

import { invalid, type FieldError } from '../../../api/field-error.ts';
import type { CanaryStrategy } from '../../../api/rollout.ts';
import { validateAntiAffinity } from './blue-green.ts';
import { hasPlugins } from './routes.ts';
import { validateSteps } from './steps.ts';

const DEFAULT_PERCENT = '25%';
const SERVICES = 'Canary service and Stable service must to be set to use Traffic Routing';
const PING_PONG = 'Ping service and Pong service must to be set to use Ping-Pong feature';

export function validateCanary(canary: CanaryStrategy): FieldError[] {
  return [
    ...validateSurge(canary),
    ...validateServices(canary),
    ...validateTrafficRouting(canary),
    ...validateSteps(canary),
    ...validateAntiAffinity(canary.antiAffinity),
  ];
}

function validateSurge(canary: CanaryStrategy): FieldError[] {
  const surge = canary.maxSurge ?? DEFAULT_PERCENT;
  if (digits(surge) !== 0 || digits(canary.maxUnavailable ?? DEFAULT_PERCENT) !== 0) return [];
  return [invalid('spec.strategy.maxSurge', surge, 'MaxSurge and MaxUnavailable both can not be zero')];
}

/** The number before a percent sign, or alone; 0 for what is neither. */
function digits(value: number | string): number {
  if (typeof value === 'number') return value;
  return /^[+-]?\d{1,15}%?$/.test(value) ? Number.parseInt(value, 10) : 0;
}

function validateServices(canary: CanaryStrategy): FieldError[] {
  const errors: FieldError[] = [];
  const stable = canary.stableService ?? '';
  if (stable !== '' && stable === (canary.canaryService ?? '')) {
    errors.push(
      invalid(
        'spec.strategy.stableService',
        stable,
        'This rollout uses the same service for the stable and canary services, but two different services are required.',
      ),
    );
  }
  errors.push(...validatePingPong(canary));
  if (needsServices(canary)) {
    if (stable === '') errors.push(invalid('spec.strategy.stableService', stable, SERVICES));
    const name = canary.canaryService ?? '';
    if (name === '') errors.push(invalid('spec.strategy.canaryService', name, SERVICES));
  }
  return errors;
}

function validatePingPong({ pingPong, trafficRouting }: CanaryStrategy): FieldError[] {
  if (pingPong === undefined) return [];
  const errors: FieldError[] = [];
  const { alb, istio } = trafficRouting ?? {};
  if (
    trafficRouting !== undefined &&
    alb === undefined &&
    istio === undefined &&
    !hasPlugins(trafficRouting)
  ) {
    errors.push(
      invalid(
        'spec.strategy.trafficRouting.alb',
        alb,
        'Ping-pong feature works with the ALB, Istio, and plugin-based traffic routers only',
      ),
    );
  }
  const { pingService: ping, pongService: pong } = pingPong;
  if (ping === '') errors.push(invalid('spec.strategy.pingPong.pingService', ping, PING_PONG));
  if (pong === '') errors.push(invalid('spec.strategy.pingPong.pongService', pong, PING_PONG));
  if (ping === pong) {
    errors.push(
      invalid(
        'spec.strategy.pingPong.pingService',
        ping,
        'This rollout uses the same service for the ping and pong services, but two different services are required.',
      ),
    );
  }
  if (alb !== undefined && (alb.rootService ?? '') === '') {
    errors.push(
      invalid(
        'spec.strategy.trafficRouting.alb.rootService',
        '',
        'Root service field is required for the configuration with ALB and ping-pong feature enabled',
      ),
    );
  }
  return errors;
}

function needsServices({ trafficRouting: routing, pingPong }: CanaryStrategy): boolean {
  if (routing === undefined) return false;
  const { alb, istio, smi, apisix, ambassador, nginx, appMesh, traefik } = routing;
  return (
    (alb !== undefined && pingPong === undefined) ||
    (istio !== undefined && istio.destinationRule === undefined && pingPong === undefined) ||
    [smi, apisix, ambassador, nginx, appMesh, traefik].some((router) => router !== undefined)
  );
}

function validateTrafficRouting(canary: CanaryStrategy): FieldError[] {
  const errors: FieldError[] = [];
  const routing = canary.trafficRouting;
  const delay = canary.scaleDownDelaySeconds;
  const dynamic = canary.dynamicStableScale === true;
  if (delay !== undefined && routing === undefined) {
    errors.push(
      invalid(
        'spec.strategy.scaleDownDelaySeconds',
        delay,
        'Canary scaleDownDelaySeconds can only be used with traffic routing',
      ),
    );
  }
  if (dynamic && routing === undefined) {
    errors.push(
      invalid(
        'spec.strategy.dynamicStableScale',
        dynamic,
        'Canary dynamicStableScale can only be used with traffic routing',
      ),
    );
  }
  if (dynamic && delay !== undefined) {
    errors.push(
      invalid(
        'spec.strategy.dynamicStableScale',
        dynamic,
        'Canary dynamicStableScale cannot be used with scaleDownDelaySeconds',
      ),
    );
  }
  const whole = routing?.maxTrafficWeight;
  if (whole !== undefined && routing?.nginx === undefined && !hasPlugins(routing)) {
    errors.push(
      invalid(
        'spec.strategy.trafficRouting.maxTrafficWeight',
        whole,
        'Canary maxTrafficWeight in traffic routing only supported in Nginx and Plugins',
      ),
    );
  } else if (whole !== undefined && whole < 1) {
    // No share of nothing is a number.
    errors.push(
      invalid(
        'spec.strategy.trafficRouting.maxTrafficWeight',
        whole,
        'maxTrafficWeight must be greater than 0',
      ),
    );
  }
  return errors;
}
