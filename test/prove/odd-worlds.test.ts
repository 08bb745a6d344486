/** Worlds with odd objects: all of it is drawn, and a name that is taken holds no release. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isOdd, ODDITIES } from './generate-odd.ts';
import { randomHistory } from './generate.ts';
import { RULES } from './registry.ts';
import { simulate } from './simulate.ts';

const seeds = Array.from({ length: 700 }, (_, i) => i + 1).filter(isOdd);

describe('the worlds with odd objects', () => {
  it('draw everything in a hundred histories', () => {
    const drawn = new Set(
      seeds.flatMap((seed) =>
        randomHistory(seed).events.map((event) => JSON.stringify({ ...event, at: undefined })),
      ),
    );
    assert.deepEqual(
      ODDITIES.filter((oddity) => !drawn.has(JSON.stringify(oddity))),
      [],
    );
  });

  it('have a name that is taken, and the release gets another one', async () => {
    const taken = seeds.find((seed) => {
      const { setup, events } = randomHistory(seed);
      const goes = events.some((event) => event.do === 'image' && event.tag === 'v2');
      return goes && setup.objects.some(({ kind }) => kind === 'ReplicaSet');
    });
    assert.ok(taken !== undefined);
    const name = randomHistory(taken).setup.objects.find(({ kind }) => kind === 'ReplicaSet')?.metadata.name;
    let collisions = 0;
    const { violations } = await simulate(randomHistory(taken), {
      rules: RULES,
      onHappening: (happening) => {
        if (happening.what !== 'change') return;
        const { collisionCount = 0 } = (happening.after?.['status'] ?? {}) as { collisionCount?: number };
        collisions = Math.max(collisions, collisionCount);
        const wrote = happening.kind === 'ReplicaSet' && happening.actor.role === 'sluice';
        assert.ok(!wrote || happening.key !== `shop/${name}`, 'what belongs to somebody else is left alone');
      },
    });
    assert.deepEqual(violations, []);
    assert.equal(collisions, 1);
  });
});
