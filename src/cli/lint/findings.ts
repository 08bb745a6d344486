/** What the rules say of manifests, with the places, and what annotations keep quiet. Pure. */

import { isObject, type JsonObject } from '../../lang/json.ts';
import type { Document } from '../manifests.ts';
import { at, textAt } from '../model/read.ts';
import { RULES } from './rules/index.ts';
import { isTemplate, subjectsOf } from './subject.ts';
import type { Hit, Path, Severity } from './types.ts';

export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly file: string;
  readonly line: number;
  readonly kind: string;
  readonly name: string;
  /** `spec.metrics[0].successCondition`. */
  readonly field: string;
  readonly message: string;
  /** How to write it. */
  readonly write?: string | undefined;
  /** The reason that an annotation gives for letting it be. */
  readonly ignored?: string | undefined;
}

/** `lint.sluice.dev/ignore.<rule>: <reason>`, on the object that the rule finds fault with. */
const IGNORE = 'lint.sluice.dev/ignore.';

/** In the order of the files. */
export function findingsIn(documents: readonly Document[]): Finding[] {
  const placed = (rule: string, severity: Severity, manifest: JsonObject, hit: Hit): Finding => {
    const document = documents.find((each) => each.manifest === manifest);
    return {
      rule,
      severity,
      file: document?.file ?? '',
      line: document?.lineOf(hit.path) ?? 1,
      kind: textAt(manifest, 'kind'),
      name: textAt(manifest, 'metadata', 'name'),
      field: fieldOf(hit.path),
      message: hit.message,
      ...(hit.write === undefined ? {} : { write: hit.write }),
    };
  };
  const manifests = documents.map(({ manifest }) => manifest);
  const ofRules = subjectsOf(manifests).flatMap((subject): Finding[] => {
    const own = subject.manifest;
    if ('unreadable' in subject)
      return [placed('unreadable', 'error', own, { path: ['spec'], message: subject.unreadable })];
    return RULES.flatMap(({ name, severity, check }) =>
      check(subject).map((hit) => {
        const manifest = hit.manifest ?? own;
        return { ...placed(name, severity, manifest, hit), ...ignored(name, manifest, own) };
      }),
    );
  });
  const ofAnnotations = manifests
    .filter((manifest) => isTemplate(manifest) || textAt(manifest, 'kind') === 'Rollout')
    .flatMap((manifest) =>
      badAnnotations(manifest).map((hit) => placed('bad-ignore', 'warning', manifest, hit)),
    );
  const order = documents.map(({ file }) => file);
  return [...ofRules, ...ofAnnotations].toSorted(
    (a, b) => order.indexOf(a.file) - order.indexOf(b.file) || a.line - b.line,
  );
}

const reasonIn = (manifest: JsonObject, rule: string): string =>
  textAt(manifest, 'metadata', 'annotations', `${IGNORE}${rule}`).trim();

function ignored(rule: string, ...manifests: readonly JsonObject[]): { ignored?: string } {
  const reason = manifests.map((manifest) => reasonIn(manifest, rule)).find((text) => text !== '');
  return reason === undefined ? {} : { ignored: reason };
}

/** Annotations that keep nothing quiet: of a rule that there is not, or without a reason. */
function badAnnotations(manifest: JsonObject): Hit[] {
  const annotations = at(manifest, 'metadata', 'annotations');
  if (!isObject(annotations)) return [];
  return Object.keys(annotations).flatMap((key): Hit[] => {
    if (!key.startsWith(IGNORE)) return [];
    const rule = key.slice(IGNORE.length);
    const path: Path = ['metadata', 'annotations', key];
    if (!RULES.some(({ name }) => name === rule))
      return [{ path, message: `there is no rule ${JSON.stringify(rule)} to ignore` }];
    if (reasonIn(manifest, rule) !== '') return [];
    return [{ path, message: `the annotation gives no reason, so the rule ${rule} still counts` }];
  });
}

const fieldOf = (path: Path): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );

const ORDER: readonly Severity[] = ['info', 'warning', 'error'];

export const isAtLeast = (severity: Severity, than: Severity): boolean =>
  ORDER.indexOf(severity) >= ORDER.indexOf(than);
