/**
 * Outcomes of a measurement that are no clear value, and what they mean at a gate. In *stock* mode they mean what they
 * mean in the reference, except that nothing (no data, NaN) never passes a condition unasked; in *strict* mode each of
 * them holds: no verdict, no count, asked again. A policy of the metric stands over both.
 */

import type { Metric } from './types.ts';

export const OUTCOMES = ['providerError', 'noData', 'nan', 'staleSample', 'multipleSeries'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/**
 * - `hold`: not counted and asked again, for as long as it takes;
 * - `inconclusive`, `fail`: counted as such;
 * - `pass`: Successful where there is nothing to judge, and else whatever the conditions say.
 */
export type EvidencePolicy = 'hold' | 'inconclusive' | 'fail' | 'pass';

export type EvidenceMode = 'stock' | 'strict';

/** On a Rollout, a template or a run: `strict` or `stock`. */
export const EVIDENCE_ANNOTATION = 'sluice.dev/evidence';

const modeIn = (annotations: Readonly<Record<string, string>> | undefined): EvidenceMode | undefined => {
  const text = annotations?.[EVIDENCE_ANNOTATION]?.trim();
  return text === 'strict' || text === 'stock' ? text : undefined;
};

/** The mode of a run; `fallback` is the controller's (`--evidence`). */
export function evidenceMode(
  run: { metadata: { annotations?: Readonly<Record<string, string>> | undefined } },
  fallback: EvidenceMode,
): EvidenceMode {
  return modeIn(run.metadata.annotations) ?? fallback;
}

/**
 * What a run says that is made from these objects: the Rollout or Experiment, and templates. Strict anywhere is strict;
 * undefined: none of them says anything.
 */
export function inheritedMode(
  sources: readonly { metadata: { annotations?: Readonly<Record<string, string>> | undefined } }[],
): EvidenceMode | undefined {
  const modes = sources.map(({ metadata }) => modeIn(metadata.annotations));
  return modes.includes('strict') ? 'strict' : modes.includes('stock') ? 'stock' : undefined;
}

/** Undefined: as the reference does. A metric that runs dry holds nothing up. */
export function policyFor(
  metric: Pick<Metric, 'evidence'>,
  outcome: Outcome,
  { mode, dryRun }: { mode: EvidenceMode; dryRun: boolean },
): EvidencePolicy | undefined {
  const policy = metric.evidence?.[outcome];
  if (dryRun) return policy === 'hold' ? 'inconclusive' : policy;
  return policy ?? (mode === 'strict' ? 'hold' : undefined);
}
