/**
 * The histories that have a name: scenarios, and what the search has found. `npm run prove` plays them before the
 * random ones; each says what must hold of it beside the rules.
 */

import type { History } from './history.ts';
import { newScene, WATCHED } from './registry.ts';
import { REGRESSIONS } from './regressions/index.ts';
import type { Happening, Rule, Scene } from './rules/types.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { type Outcome, simulate } from './simulate.ts';
import { Story } from './story.ts';

export interface Named {
  readonly name: string;
  readonly history: History;
  /** Phase and message of the Rollout at its end. */
  readonly end?: RegExp | undefined;
  /** Called after everything that happens; a text is what went wrong. */
  readonly watch?: ((happening: Happening, scene: Scene) => string | undefined) | undefined;
  /** What must have happened, in the words of the story. */
  readonly tells?: readonly RegExp[] | undefined;
  /** Writes of ours to a kind that it may have at most. */
  readonly most?: { readonly of: string; readonly writes: number } | undefined;
}

export interface Played {
  readonly outcome: Outcome;
  /** What does not hold of it. */
  readonly wrong: string | undefined;
  readonly story: string;
}

export const NAMED: readonly Named[] = [
  ...SCENARIOS.map((scenario) => ({ ...scenario, name: scenario.title })),
  ...REGRESSIONS.map((regression) => ({ ...regression, name: regression.about })),
];

export async function playNamed(named: Named, watching: readonly Rule[] = WATCHED): Promise<Played> {
  const { history, end, watch, tells = [], most } = named;
  const story = new Story(history);
  const scene = newScene();
  let writes = 0;
  let wrong: string | undefined;
  const outcome = await simulate(history, {
    rules: watching,
    onHappening(happening) {
      scene.take(happening);
      story.see(happening);
      if (happening.what === 'change' && happening.actor.role === 'sluice' && happening.kind === most?.of)
        writes++;
      wrong ??= watch?.(happening, scene);
    },
    onViolation: (violation) => story.violation(violation),
  });
  const told = story.lines.join('\n');
  if (most !== undefined && writes > most.writes) wrong ??= `${writes} writes of ${most.of}`;
  if (end?.test(outcome.end) === false) wrong ??= `it ends ${outcome.end}, not ${String(end)}`;
  const untold = tells.find((text) => !text.test(told));
  if (untold !== undefined) wrong ??= `its story does not tell ${String(untold)}`;
  return { outcome, wrong, story: told };
}
