/** What an AnalysisRun measured. */

import type { KubeObject } from '../../kube/api.ts';
import { text } from '../stage.ts';
import { dig } from '../world.ts';

export interface Measured {
  readonly phase: string;
  /** As Prometheus gave it, `[0.333]` for a vector. */
  readonly value: string;
}

export function measurementsOf(run: KubeObject): Measured[] {
  const list = dig(run, 'status', 'metricResults', 0, 'measurements');
  return Array.isArray(list)
    ? list.map((measurement) => ({
        phase: text(measurement, 'phase'),
        value: rounded(text(measurement, 'value')),
      }))
    : [];
}

/** `[0.29999999999999993]` says no more than `[0.3]`. */
export const rounded = (value: string): string =>
  value.replace(/\d+\.\d{4,}(?:e-?\d+)?/g, (digits) => String(Number(Number(digits).toFixed(4))));

/** The number in `[0.333]` or `0.333`; NaN when there is none. */
export const numberIn = (value: string): number =>
  Number(/-?\d+(?:\.\d+)?(?:e-?\d+)?/.exec(value)?.[0] ?? NaN);
