/**
 * What a measurement records of its evidence, in its `metadata`: readers that don't know the keys pass over them. Sizes
 * are bounded, because a status holds many measurements, and secrets are taken out before anything is cut.
 */

import { formatTime } from '../../lang/time.ts';
import type { Answer } from './answer.ts';
import type { Judgement } from './judge.ts';
import { redact, redactValue } from './redact.ts';
import type { Measurement, Metric } from './types.ts';
import { objectOf } from '../../lang/json.ts';

/** All of ours begin so. */
const PREFIX = 'sluice.dev/';

export const EVIDENCE_KEYS = {
  query: `${PREFIX}query`,
  url: `${PREFIX}url`,
  series: `${PREFIX}series`,
  sampledAt: `${PREFIX}sampled-at`,
  latencyMs: `${PREFIX}latency-ms`,
  samples: `${PREFIX}samples`,
  decidedBy: `${PREFIX}decided-by`,
  outcome: `${PREFIX}outcome`,
  /** The raw value where `value` doesn't hold it: one that could not be judged. */
  value: `${PREFIX}value`,
  /** How many answers in a row were not counted; the measurement is the last of them. */
  held: `${PREFIX}held`,
  heldSince: `${PREFIX}held-since`,
} as const;

const MAX_QUERY = 512;
const MAX_VALUE = 256;

export interface RecordedFacts {
  readonly metric: Metric;
  readonly answer: Answer;
  readonly judgement: Judgement;
  readonly secrets: readonly string[];
  readonly latencyMs: number;
  /** The finished measurement before this one. */
  readonly before: Measurement | undefined;
  readonly finishedAt: number;
  /** The value stands in the measurement itself. */
  readonly valueShown: boolean;
}

export function recordedEvidence(facts: RecordedFacts): Record<string, string> {
  const { metric, answer, judgement, secrets, before } = facts;
  const bounded = (text: string, max: number, clear = redact): string => {
    const clean = clear(text, secrets);
    return clean.length <= max ? clean : `${clean.slice(0, max)}...`;
  };
  const evidence = answer.kind === 'value' || answer.kind === 'thin' ? answer.evidence : undefined;
  const entries: [string, string | undefined][] = [];
  const add = (key: keyof typeof EVIDENCE_KEYS, value: string | number | undefined): void => {
    if (value !== undefined && value !== '') entries.push([EVIDENCE_KEYS[key], String(value)]);
  };
  const asked = askedOf(metric);
  if (asked !== undefined) add(asked.kind, bounded(asked.text, MAX_QUERY));
  add('series', evidence?.series);
  if (evidence?.sampledAt !== undefined) add('sampledAt', formatTime(evidence.sampledAt));
  add('latencyMs', Math.max(0, Math.round(evidence?.latencyMs ?? facts.latencyMs)));
  add('samples', evidence?.samples);
  add('decidedBy', judgement.decidedBy);
  add('outcome', judgement.outcome);
  if (!facts.valueShown && answer.kind === 'value')
    add('value', bounded(answer.value, MAX_VALUE, redactValue));
  if (judgement.held === true) {
    const { [EVIDENCE_KEYS.outcome]: outcome, [EVIDENCE_KEYS.heldSince]: since } = objectOf(before?.metadata);
    const heldBefore = outcome === judgement.outcome ? heldOf(before) : undefined;
    add('held', (heldBefore ?? 0) + 1);
    const isSame = heldBefore !== undefined && typeof since === 'string';
    add('heldSince', isSame ? since : formatTime(facts.finishedAt));
  }
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** How many answers in a row this measurement stands for that were not counted; undefined: it was counted. */
export function heldOf(measurement: Measurement | undefined): number | undefined {
  const text = measurement?.metadata?.[EVIDENCE_KEYS.held];
  return text === undefined || !/^\d{1,9}$/.test(text) ? undefined : Number(text);
}

/** What was asked, in the words of the metric; undefined where the provider takes no query and no address. */
function askedOf({ provider }: Metric): { kind: 'query' | 'url'; text: string } | undefined {
  const text =
    provider?.prometheus?.query ??
    provider?.datadog?.query ??
    provider?.newRelic?.query ??
    provider?.wavefront?.query ??
    provider?.graphite?.query ??
    provider?.influxdb?.query ??
    provider?.skywalking?.query ??
    provider?.datadog?.formula ??
    provider?.cloudWatch?.metricDataQueries?.map(({ id, expression }) => expression ?? id).join('; ');
  if (text !== undefined && text !== '') return { kind: 'query', text };
  const url = provider?.web?.url ?? provider?.kayenta?.address;
  if (url === undefined || url === '') return undefined;
  // A user and a password in the address are nobody's to read.
  return { kind: 'url', text: url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1') };
}
