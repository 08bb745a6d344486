/**
 * Reads what `record.py --check` prints, and holds each difference against the list of those that docs/compat.md
 * explains. What no entry explains fails the suite.
 */

export interface Difference {
  readonly scenario: string;
  /** The first line, without `MUST`. */
  readonly what: string;
  /** The lines below it: `  value`, `+ value` (ours only), `- value` (the reference's only). */
  readonly lines: readonly string[];
}

export interface Explanation {
  /** Heading of docs/compat.md under which the reason stands. */
  readonly compat: string;
  readonly scenario: RegExp;
  readonly explains: (difference: Difference) => boolean;
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

/** Lines that only the reference has, without the sign. */
export const onlyReference = ({ lines }: Difference): string[] =>
  lines.filter((line) => line.startsWith('- ')).map((line) => line.slice(2));
/** Lines that only we have, without the sign. */
export const onlyOurs = ({ lines }: Difference): string[] =>
  lines.filter((line) => line.startsWith('+ ')).map((line) => line.slice(2));

export function unexplained(outcome: Outcome, explanations: readonly Explanation[]): Difference[] {
  return outcome.differences.filter(
    (difference) =>
      !explanations.some(
        ({ scenario, explains }) => scenario.test(difference.scenario) && explains(difference),
      ),
  );
}

export const printDifference = ({ scenario, what, lines }: Difference): string =>
  [`${scenario}: ${what}`, ...lines.map((line) => `    ${line}`)].join('\n');
