/** All rules, and one watch over a history by all of them. */

import { rule01 } from './rule-01.ts';
import { rule02 } from './rule-02.ts';
import { rule03 } from './rule-03.ts';
import { rule04 } from './rule-04.ts';
import { rule05 } from './rule-05.ts';
import { rule06 } from './rule-06.ts';
import { rule07 } from './rule-07.ts';
import { rule08 } from './rule-08.ts';
import { rule09 } from './rule-09.ts';
import { rule10 } from './rule-10.ts';
import { rule11 } from './rule-11.ts';
import { rule12 } from './rule-12.ts';
import { rule13 } from './rule-13.ts';
import { rule14 } from './rule-14.ts';
import { rule15 } from './rule-15.ts';
import { rule16 } from './rule-16.ts';
import { rule17 } from './rule-17.ts';
import { rule18 } from './rule-18.ts';
import { rule19 } from './rule-19.ts';
import { rule20 } from './rule-20.ts';
import { rule21 } from './rule-21.ts';
import { rule22 } from './rule-22.ts';
import { rule23 } from './rule-23.ts';
import { rule24 } from './rule-24.ts';
import { rule25 } from './rule-25.ts';
import { rule26 } from './rule-26.ts';
import { rule27 } from './rule-27.ts';
import { SceneKeeper } from './scene.ts';
import type { Happening, Need, Rule, Scene, Violation, Watcher } from './types.ts';

export const RULES: readonly Rule[] = [
  rule01,
  rule02,
  rule03,
  rule04,
  rule05,
  rule06,
  rule07,
  rule08,
  rule09,
  rule10,
  rule11,
  rule12,
  rule13,
  rule14,
  rule15,
  rule16,
  rule17,
  rule18,
  rule19,
  rule20,
  rule21,
  rule22,
  rule23,
  rule24,
  rule25,
  rule26,
  rule27,
];

export interface WatchOptions {
  /** What the source tells beside changes. */
  readonly has: readonly Need[];
  /** All when absent. */
  readonly rules?: readonly Rule[] | undefined;
}

export interface Tally {
  readonly rule: number;
  checks: number;
  violations: number;
}

/** One history, from its first happening on. */
export class RuleWatch {
  readonly scene: Scene;
  readonly violations: Violation[] = [];
  /** Rules that need what the source does not tell. */
  readonly skipped: readonly Rule[];
  readonly #keeper = new SceneKeeper();
  readonly #watchers: readonly { readonly rule: Rule; readonly watcher: Watcher }[];

  constructor({ has, rules = RULES }: WatchOptions) {
    this.scene = this.#keeper;
    const able = (rule: Rule): boolean => rule.needs.every((need) => has.includes(need));
    this.skipped = rules.filter((rule) => !able(rule));
    this.#watchers = rules.filter(able).map((rule) => ({ rule, watcher: rule.start() }));
  }

  /** What this happening broke; usually nothing. */
  see(happening: Happening): readonly Violation[] {
    this.#keeper.take(happening);
    return this.#collect((watcher) => watcher.see(happening, this.scene));
  }

  /** The history came to rest, or to its bound. */
  end(now = this.scene.now): readonly Violation[] {
    this.#keeper.now = now;
    return this.#collect((watcher) => watcher.end?.(this.scene));
  }

  tally(): Tally[] {
    return this.#watchers.map(({ rule, watcher }) => ({
      rule: rule.number,
      checks: watcher.checks,
      violations: this.violations.filter((found) => found.rule === rule.number).length,
    }));
  }

  #collect(ask: (watcher: Watcher) => Violation | undefined): readonly Violation[] {
    let found: Violation[] | undefined;
    for (const { watcher } of this.#watchers) {
      const one = ask(watcher);
      if (one !== undefined) (found ??= []).push(one);
    }
    if (found === undefined) return NONE;
    this.violations.push(...found);
    return found;
  }
}

const NONE: readonly Violation[] = [];
