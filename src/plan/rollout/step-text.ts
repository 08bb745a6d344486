/** Steps in the words of Events (spec 03 section 7.2), and the length of a pause. */

import type { CanaryStep } from '../../api/rollout.ts';
import { parseDuration } from '../../lang/duration.ts';
import { routeNameOf } from './defaults.ts';

export function stepText(step: CanaryStep): string {
  if (step.setWeight !== undefined) return `setWeight: ${step.setWeight}`;
  if (step.pause !== undefined)
    return step.pause.duration === undefined ? 'pause' : `pause: ${step.pause.duration}`;
  if (step.experiment !== undefined) return 'experiment';
  if (step.analysis !== undefined) return 'analysis';
  if (step.setCanaryScale !== undefined) {
    const { weight, replicas, matchTrafficWeight } = step.setCanaryScale;
    if (matchTrafficWeight === true) return 'setCanaryScale{matchTrafficWeight: true}';
    return replicas !== undefined
      ? `setCanaryScale{replicas: ${replicas}}`
      : `setCanaryScale{weight: ${weight ?? 0}}`;
  }
  if (step.plugin !== undefined) return `plugin: ${step.plugin.name}`;
  if (step.setHeaderRoute !== undefined) return `setHeaderRoute: ${routeNameOf(step.setHeaderRoute)}`;
  if (step.setMirrorRoute !== undefined) return `setMirrorRoute: ${step.setMirrorRoute.name}`;
  return 'invalid';
}

/**
 * Seconds of a pause: a number, digits, or a Go duration cut to whole seconds. Undefined: until someone promotes.
 * -1 where it can't be read, which validation refuses.
 */
export function pauseSeconds(pause: NonNullable<CanaryStep['pause']>): number | undefined {
  const { duration } = pause;
  if (duration === undefined) return undefined;
  if (typeof duration === 'number') return duration;
  if (/^[+-]?\d+$/.test(duration)) return Number(duration);
  try {
    return Math.trunc(parseDuration(duration) / 1000);
  } catch {
    return -1;
  }
}
