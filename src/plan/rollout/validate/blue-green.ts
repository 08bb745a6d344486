/** Rules of the blue-green strategy (spec 01 section 3.2), and the anti-affinity that both strategies have. Pure. */

import { invalid, type FieldError } from '../../../api/field-error.ts';
import type { AntiAffinity, BlueGreenStrategy, RolloutSpec } from '../../../api/rollout.ts';

const DEFAULT_REVISION_HISTORY_LIMIT = 10;

export function validateBlueGreen(strategy: BlueGreenStrategy, spec: RolloutSpec): FieldError[] {
  const errors: FieldError[] = [];
  const active = strategy.activeService ?? '';
  if (active === (strategy.previewService ?? '')) {
    errors.push(
      invalid(
        'spec.strategy.activeService',
        active,
        'This rollout uses the same service for the active and preview services, but two different services are required.',
      ),
    );
  }
  const history = spec.revisionHistoryLimit ?? DEFAULT_REVISION_HISTORY_LIMIT;
  const kept = strategy.scaleDownDelayRevisionLimit;
  if (kept !== undefined && kept > history) {
    errors.push(
      invalid(
        'spec.strategy.scaleDownDelayRevisionLimit',
        kept,
        "This rollout's revision history limit can not be smaller than the rollout's scale down limit",
      ),
    );
  }
  return [...errors, ...validateAntiAffinity(strategy.antiAffinity)];
}

export function validateAntiAffinity(antiAffinity: AntiAffinity | undefined): FieldError[] {
  if (antiAffinity === undefined) return [];
  const errors: FieldError[] = [];
  const preferred = antiAffinity.preferredDuringSchedulingIgnoredDuringExecution;
  const required = antiAffinity.requiredDuringSchedulingIgnoredDuringExecution;
  if ((preferred === undefined) === (required === undefined)) {
    errors.push(
      invalid(
        'spec.strategy.antiAffinity',
        antiAffinity,
        'AntiAffinity must have exactly one strategy listed',
      ),
    );
  }
  if (preferred !== undefined && (preferred.weight < 1 || preferred.weight > 100)) {
    errors.push(
      invalid(
        'spec.strategy.antiAffinity.weight',
        preferred.weight,
        'AntiAffinity weight must be between 1-100',
      ),
    );
  }
  return errors;
}
