/** Adds up the outcomes of many histories. */

import { PLAN } from './answers/plan.ts';
import { WHY } from './answers/why.ts';
import { isOpen, OPEN } from './open.ts';
import type { Rule, Violation } from './rules/types.ts';
import { LIVENESS, type Outcome } from './simulate.ts';
import type { Which } from './worker.ts';

interface Found {
  readonly which: Which;
  readonly violation: Violation;
}

const MAX_SHOWN = 6;
/** Of those that are none of the 27. */
const NAMES: Readonly<Record<number, string>> = { [LIVENESS]: 'live', [WHY]: 'why', [PLAN]: 'plan' };

export class Report {
  histories = 0;
  /** Those of them that have a name. */
  named = 0;
  /** Histories that break a rule. */
  broken = 0;
  /** Those of them in which something broke that `open.ts` doesn't know. */
  unknown = 0;
  #happenings = 0;
  #cpuMs = 0;
  #virtualMs = 0;
  readonly #releases: number[] = [];
  readonly #faultCounts: number[] = [];
  readonly #faults = new Map<string, number>();
  readonly #checks = new Map<number, number>();
  readonly #found = new Map<number, Found[]>();
  readonly #ends = new Map<string, number>();
  readonly #errors: string[] = [];
  /** Of named histories: what does not hold of them. */
  readonly #wrong: string[] = [];
  readonly #played = new Set<Which>();

  add(which: Which, outcome: Outcome, cpuMs: number, wrong?: string): void {
    this.histories++;
    if (typeof which === 'string') this.named++;
    this.#happenings += outcome.happenings;
    this.#cpuMs += cpuMs;
    this.#virtualMs += outcome.virtualMs;
    this.#releases.push(outcome.releases);
    const faults = Object.entries(outcome.faults);
    this.#faultCounts.push(faults.reduce((sum, [, count]) => sum + count, 0));
    for (const [kind, count] of faults) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count);
    for (const [rule, count] of Object.entries(outcome.checks))
      this.#checks.set(Number(rule), (this.#checks.get(Number(rule)) ?? 0) + count);
    const end = /^(Healthy|Paused|Degraded|no Rollout)/.exec(outcome.end)?.[0] ?? outcome.end;
    this.#ends.set(end, (this.#ends.get(end) ?? 0) + 1);
    if (wrong !== undefined) this.#wrong.push(`${nameOf(which)}: ${wrong}`);
    if (outcome.violations.length > 0 || wrong !== undefined) this.broken++;
    if (outcome.violations.some(({ rule }) => !isKnown(which, rule)) || wrong !== undefined) this.unknown++;
    this.#played.add(which);
    for (const violation of outcome.violations) {
      const list = this.#found.get(violation.rule) ?? [];
      list.push({ which, violation });
      this.#found.set(violation.rule, list);
    }
  }

  failed(which: Which, error: string): void {
    this.histories++;
    if (typeof which === 'string') this.named++;
    this.broken++;
    this.unknown++;
    this.#errors.push(`${nameOf(which)}: ${error}`);
  }

  /** Rule to the first seed that broke it. */
  firstOf(): Map<number, number> {
    const first = new Map<number, number>();
    for (const [rule, found] of this.#found) {
      const seeds = found.flatMap(({ which }) => (typeof which === 'number' ? [which] : []));
      if (seeds.length > 0) first.set(rule, Math.min(...seeds));
    }
    return first;
  }

  *lines(rules: readonly Rule[], seconds: number): Generator<string> {
    const { histories } = this;
    yield `${histories - this.named} random and ${this.named} named histories in ${seconds.toFixed(0)} s, ${(this.#cpuMs / Math.max(histories, 1)).toFixed(0)} ms of CPU each, ${this.#happenings} events, ${(this.#virtualMs / 3_600_000).toFixed(0)} hours of virtual time`;
    yield `median history: ${median(this.#releases)} releases, ${median(this.#faultCounts)} faults`;
    yield `how they ended: ${[...this.#ends]
      .sort((a, b) => b[1] - a[1])
      .map(([end, count]) => `${end} ${count}`)
      .join(', ')}`;
    yield 'faults injected:';
    for (const [kind, count] of [...this.#faults].sort((a, b) => b[1] - a[1]))
      yield `  ${String(count).padStart(8)}  ${kind}`;
    yield 'rule   checks  violations';
    for (const { number, sentence } of rules)
      yield this.#line(number, sentence, this.#checks.get(number) ?? 0);
    yield this.#line(
      LIVENESS,
      'When faults stop, every history comes to rest for a stated reason and writes no more.',
      histories,
    );
    yield `${this.broken} histories break a rule, ${this.unknown} of them in a way that test/prove/open.ts does not know`;
    const checked = new Set([...rules.map((rule) => rule.number), LIVENESS]);
    for (const { seed, rules: known } of OPEN.filter((open) => this.#played.has(open.seed)))
      for (const rule of known.filter((number) => checked.has(number)))
        if (this.#found.get(rule)?.some((found) => found.which === seed) !== true)
          yield `seed ${seed} breaks rule ${rule} no more: take it off test/prove/open.ts`;
    for (const wrong of this.#wrong) yield `WRONG: ${wrong}`;
    for (const error of this.#errors.slice(0, 10)) yield `THE SIMULATOR FAILED: ${error}`;
  }

  #line(number: number, sentence: string, checks: number): string {
    const open = ({ which }: Found): number => Number(isKnown(which, number));
    const found = (this.#found.get(number) ?? []).toSorted((a, b) => open(a) - open(b));
    const shown = found
      .slice(0, MAX_SHOWN)
      .map(
        ({ which, violation }) =>
          `\n         ${nameOf(which)}${isKnown(which, number) ? ' (open)' : ''}: ${violation.text} [${violation.objects.join(', ')}]`,
      );
    const name = NAMES[number] ?? String(number);
    return `${name.padStart(4)} ${String(checks).padStart(8)} ${String(found.length).padStart(11)}  ${sentence}${shown.join('')}`;
  }
}

const nameOf = (which: Which): string => (typeof which === 'number' ? `seed ${which}` : `"${which}"`);

const isKnown = (which: Which, rule: number): boolean => typeof which === 'number' && isOpen(which, rule);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
