/** A test that tells a whole update as a text beside it. `UPDATE_STORIES=1` writes it anew. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { it } from 'node:test';
import type { World } from './simulation.ts';

export function storiesIn(directory: string) {
  return (name: string, tell: () => World, check?: (world: World) => void): void => {
    it(name, () => {
      const world = tell();
      check?.(world);
      const text = `${world.story.join('\n')}\n\nEvents\n${world.events.join('\n')}\n`;
      const path = `${directory}${name.replaceAll(/[^a-z0-9]+/g, '-')}.txt`;
      if (process.env['UPDATE_STORIES'] === '1' || !existsSync(path)) {
        assert.equal(process.env['CI'], undefined, `${path} is missing`);
        mkdirSync(directory, { recursive: true });
        writeFileSync(path, text);
      }
      assert.equal(text, readFileSync(path, 'utf8'));
    });
  };
}
