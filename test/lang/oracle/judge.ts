/** Holds our answer against Go's. */

import { isDeepStrictEqual } from 'node:util';
import { formatDurationNanos, parseDurationNanos } from '../../../src/lang/duration.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { podTemplateHash } from '../../../src/lang/pod-hash.ts';
import { applyStrategicMergePatch } from '../../../src/lang/patch/strategic.ts';
import { canonicalQuantity } from '../../../src/lang/quantity.ts';
import { formatSelector, parseSelector } from '../../../src/lang/selector.ts';
import { parseYaml } from '../../../src/lang/yaml.ts';
import type { Answer } from './go.ts';
import type { Language } from './questions.ts';

/** What differs, in words, or undefined. */
export function judge(language: Language, question: unknown, answer: Answer): string | undefined {
  let ours: Answer;
  try {
    ours = { ok: ask(language, question, answer) };
  } catch (error) {
    ours = { error: (error as Error).message };
  }
  const expected = language === 'pod-template-random' ? (answer.ok as { hash: string }).hash : answer.ok;
  const same =
    answer.error === undefined
      ? ours.error === undefined && isDeepStrictEqual(ours.ok, expected ?? emptyOf(language))
      : sameError(language, ours.error, answer.error);
  if (same || deliberate(language, question, answer)) return undefined;
  const show = (value: Answer): string => value.error ?? JSON.stringify(value.ok);
  return `${JSON.stringify(question)}: ours ${show(ours)}, Go ${answer.error ?? JSON.stringify(expected)}`;
}

function ask(language: Language, question: unknown, answer: Answer): unknown {
  const text = question as string;
  switch (language) {
    case 'quantity':
      return canonicalQuantity(text);
    case 'duration': {
      const nanos = parseDurationNanos(text);
      return [nanos.toString(), formatDurationNanos(nanos)];
    }
    case 'selector':
      return [formatSelector(parseSelector(text))];
    case 'yaml-read':
      return parseYaml(text)[0] ?? null;
    case 'strategic': {
      const { target, patch } = question as { target: JsonObject; patch: JsonObject };
      return applyStrategicMergePatch(target, patch, { group: 'apps', kind: 'Deployment' });
    }
    case 'pod-template-random':
      return podTemplateHash((answer.ok as { template: JsonObject }).template);
  }
}

/** Go leaves empty answers out. */
const emptyOf = (language: Language): unknown =>
  language === 'strategic' ? {} : language === 'yaml-read' ? null : '';

/** Texts that users see are the same; those of the YAML library and of patches are our own. */
function sameError(language: Language, ours: string | undefined, go: string): boolean {
  if (ours === undefined) return false;
  return language === 'yaml-read' || language === 'strategic' || ours === go;
}

function deliberate(language: Language, question: unknown, answer: Answer): boolean {
  // Go refuses an order for two empty lists; nothing is to do there.
  if (language === 'strategic') return answer.error === 'no elements in any of the given slices';
  // Errors with us: duplicate keys (as with kubectl's strict validation; Go takes the last), and text behind the
  // end of a document (Go drops it in silence).
  if (language === 'yaml-read') {
    try {
      parseYaml(question as string);
    } catch (error) {
      return /already set in map|^line .* Unexpected .* (?:at node end|in YAML stream)/.test(
        (error as Error).message,
      );
    }
  }
  return false;
}
