/** Stories that hurt users of others, and those that the reference gets wrong: each of them, without the harm. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newScene, WATCHED } from './registry.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { simulate } from './simulate.ts';
import { Story } from './story.ts';

describe('scenarios', () => {
  for (const { of, title, history, end, watch, tells } of SCENARIOS) {
    it(`${of.join(', ')}: ${title}`, async () => {
      const story = new Story(history);
      const scene = newScene();
      let harm: string | undefined;
      const outcome = await simulate(history, {
        rules: WATCHED,
        onHappening(happening) {
          scene.take(happening);
          story.see(happening);
          harm ??= watch?.(happening, scene);
        },
        onViolation: (violation) => story.violation(violation),
      });
      const text = story.lines.join('\n');
      assert.deepEqual(outcome.violations, [], text);
      assert.equal(harm, undefined, text);
      assert.match(outcome.end, end, text);
      for (const told of tells ?? []) assert.match(text, told);
    });
  }

  it('each thread stands once', () => {
    const threads = SCENARIOS.flatMap(({ of }) => of);
    assert.deepEqual(threads, [...new Set(threads)]);
  });
});
