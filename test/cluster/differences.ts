/**
 * Reads what `record.py --check` prints, and holds each difference against the list of those that docs/compat.md
 * explains. What no entry explains fails the suite.
 *
 * A sequence (a track) is judged whole, from the traces themselves, and not by the printed lines: which of its
 * in-between values a run happens to pass through changes with the machine's load.
 */

/** A sequence of the recorder; `optional` values came in some of the reference's runs only. */
export interface Rows {
  readonly core: readonly unknown[];
  readonly optional: readonly unknown[];
}

export type Kind =
  | { readonly kind: 'track'; readonly object: string; readonly track: string }
  | { readonly kind: 'events'; readonly object: string }
  /** The reference has `earlier` before `later`, we have it after. */
  | { readonly kind: 'order'; readonly earlier: string; readonly later: string }
  | { readonly kind: 'checkpoint'; readonly at: string; readonly place: string; readonly values: string }
  | { readonly kind: 'final'; readonly place: string; readonly values: string }
  | { readonly kind: 'other' };

export interface Difference {
  readonly scenario: string;
  /** The first line, without `MUST`. */
  readonly what: string;
  /** The lines below it: `  value`, `+ value` (ours only), `- value` (the reference's only). */
  readonly lines: readonly string[];
}

export interface Explanation {
  /** First cell of the row of docs/compat.md that gives the reason. */
  readonly compat: string;
  /** Left out: any. */
  readonly scenarios?: readonly string[];
  readonly explains: (kind: Kind, sequences: Sequences | undefined, difference: Difference) => boolean;
}

/** Both sides of a difference in a track. */
export interface Sequences {
  readonly reference: Rows;
  readonly ours: Rows;
}

export interface Outcome {
  readonly equal: readonly string[];
  readonly differences: readonly Difference[];
}

export function parseCheck(output: string): Outcome {
  const equal: string[] = [];
  const differences: { scenario: string; what: string; lines: string[] }[] = [];
  let scenario = '';
  let current: { scenario: string; what: string; lines: string[] } | undefined;
  for (const line of output.split('\n')) {
    const head = /^(equal|DIFFERENT)\s+([\w-]+)/.exec(line);
    if (head !== null) {
      scenario = head[2] ?? '';
      current = undefined;
      if (head[1] === 'equal') equal.push(scenario);
      continue;
    }
    const must = /^ {2}MUST (.*)$/.exec(line);
    if (must !== null) {
      current = { scenario, what: must[1] ?? '', lines: [] };
      differences.push(current);
    } else if (/^ {4}/.test(line)) {
      current?.lines.push(line.slice(4));
    } else {
      current = undefined;
    }
  }
  return { equal, differences };
}

/** What a difference is about, from its first line. */
export function kindOf(what: string): Kind {
  const order = /^order: the reference has "(.*)" before "(.*)", the candidate after it$/.exec(what);
  if (order !== null) return { kind: 'order', earlier: order[1] ?? '', later: order[2] ?? '' };
  const checkpoint = /^checkpoint \d+ \((.*?)\) (.*?): (.*)$/.exec(what);
  if (checkpoint !== null)
    return {
      kind: 'checkpoint',
      at: checkpoint[1] ?? '',
      place: checkpoint[2] ?? '',
      values: checkpoint[3] ?? '',
    };
  const final = /^final (.*?): (.*)$/.exec(what);
  if (final !== null) return { kind: 'final', place: final[1] ?? '', values: final[2] ?? '' };
  const events = /^Events of (\S+):$/.exec(what);
  if (events !== null) return { kind: 'events', object: events[1] ?? '' };
  const track = /^([A-Z]\w+\/\S+) (.*):$/.exec(what);
  if (track !== null) return { kind: 'track', object: track[1] ?? '', track: track[2] ?? '' };
  return { kind: 'other' };
}

/** Where the traces of both sides are found; undefined: there is none. */
export interface Traces {
  readonly reference: (scenario: string) => unknown;
  readonly ours: (scenario: string) => unknown;
}

const EMPTY: Rows = { core: [], optional: [] };

/** A track of a trace: a list, or `{core, optional}`. */
export function rowsOf(trace: unknown, object: string, track: string): Rows {
  const value = at(at(at(trace, 'tracks'), object), track);
  if (Array.isArray(value)) return { core: value, optional: [] };
  const [core, optional] = [at(value, 'core'), at(value, 'optional')];
  return Array.isArray(core) ? { core, optional: Array.isArray(optional) ? optional : [] } : EMPTY;
}

function at(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

/** The differences that no explanation covers. */
export function unexplained(
  outcome: Outcome,
  explanations: readonly Explanation[],
  traces: Traces,
): Difference[] {
  return outcome.differences.filter((difference) => {
    const { scenario, what } = difference;
    const kind = kindOf(what);
    const sequences =
      kind.kind !== 'track'
        ? undefined
        : {
            reference: rowsOf(traces.reference(scenario), kind.object, kind.track),
            ours: rowsOf(traces.ours(scenario), kind.object, kind.track),
          };
    return !explanations.some(
      ({ scenarios, explains }) =>
        (scenarios === undefined || scenarios.includes(scenario)) && explains(kind, sequences, difference),
    );
  });
}

/**
 * Whether two sequences are the same apart from what `drop` calls an in-between value. Values that come twice in a
 * row after that count once; the reference's optional ones may be there or not.
 */
export function sameBut({ reference, ours }: Sequences, drop: (value: unknown) => boolean): boolean {
  const left = (values: readonly unknown[]): string[] => {
    const kept = values.filter((value) => !drop(value)).map((value) => JSON.stringify(value));
    return kept.filter((value, i) => value !== kept[i - 1]);
  };
  const optional = new Set(reference.optional.map((value) => JSON.stringify(value)));
  const without = (values: string[]): string[] => {
    const kept = values.filter((value) => !optional.has(value));
    return kept.filter((value, i) => value !== kept[i - 1]);
  };
  const [want, have] = [left(reference.core), left(ours.core)];
  return (
    JSON.stringify(want) === JSON.stringify(have) ||
    (optional.size > 0 && JSON.stringify(without(want)) === JSON.stringify(without(have)))
  );
}

/** Whether ours goes to and fro between the same values, from the same first to the same last, at most as often. */
export function flipsLess({ reference, ours }: Sequences): boolean {
  const [want, have] = [reference.core, ours.core].map((rows) => rows.map((value) => JSON.stringify(value)));
  if (want === undefined || have === undefined) return false;
  const known = new Set(want);
  return (
    have.length <= want.length &&
    have[0] === want[0] &&
    have.at(-1) === want.at(-1) &&
    have.every((value) => known.has(value))
  );
}

/** Whether `part` comes in `whole`, in its order. */
export function isWithin(part: readonly unknown[], whole: readonly unknown[]): boolean {
  let found = 0;
  for (const value of whole)
    if (found < part.length && JSON.stringify(value) === JSON.stringify(part[found])) found++;
  return found === part.length;
}

export const printDifference = ({ scenario, what, lines }: Difference): string =>
  [`${scenario}: ${what}`, ...lines.map((line) => `    ${line}`)].join('\n');
