/** Worlds with a router that can do everything: clients go where it says, and a data plane confirms or does not. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RECORDER_ROUTING } from '../routers/recorder.ts';
import type { HistoryEvent, Setup } from './history.ts';
import { rollout, service } from './manifests.ts';
import { RULES } from './registry.ts';
import type { Happening, Traffic } from './rules/types.ts';
import { simulate } from './simulate.ts';

const SECOND = 1_000;

async function play(steps: readonly object[], events: readonly HistoryEvent[], router: Setup['router']) {
  const told: Happening[] = [];
  const canary = {
    stableService: 'web-stable',
    canaryService: 'web-canary',
    trafficRouting: { ...RECORDER_ROUTING, managedRoutes: [{ name: 'beta' }] },
    steps,
  };
  const { violations, end } = await simulate(
    {
      seed: 1,
      setup: {
        objects: [service('web-stable'), service('web-canary')],
        rollout: rollout({ canary } as never),
        processes: 1,
        source: 'rollout',
        router,
      },
      events: [{ at: 20 * SECOND, do: 'image', tag: 'v2' }, ...events],
    },
    { rules: RULES, onHappening: (happening) => told.push(happening) },
  );
  assert.deepEqual(violations, []);
  const traffic = told.filter((happening): happening is Traffic => happening.what === 'traffic');
  const began = (told[0] as Happening).at;
  const hashes = (from: number, to: number, header: boolean): Set<string | undefined> =>
    new Set(
      traffic
        .filter(({ at }) => at - began > from * SECOND && at - began < to * SECOND)
        .filter(({ header: name }) => (name !== undefined) === header)
        .map(({ hash }) => hash),
    );
  return { hashes, end, told, began };
}

describe('a router that can do everything', () => {
  it('sends those with the header to the canary, and nobody else', async () => {
    const header = { headerName: 'x-client', headerValue: { exact: 'beta' } };
    const { hashes } = await play(
      [
        { setCanaryScale: { replicas: 1 } },
        { setHeaderRoute: { name: 'beta', match: [header] } },
        { pause: {} },
      ],
      [{ at: 60 * SECOND, do: 'command', command: 'pause' }],
      { confirms: undefined },
    );
    const [before] = hashes(5, 18, false);
    assert.deepEqual([...hashes(5, 18, true)], [before]);
    assert.deepEqual([...hashes(30, 60, false)], [before]);
    const [during] = hashes(30, 60, true);
    assert.notEqual(during, before);
    assert.equal(hashes(30, 60, true).size, 1);
  });

  it('holds a step for as long as its weight is not confirmed', async () => {
    const { told, began, end } = await play(
      [{ setWeight: 50 }, { setWeight: 80 }],
      [
        { at: 19 * SECOND, do: 'confirms', mode: 'never', forMs: 60 * SECOND },
        { at: 90 * SECOND, do: 'compact' },
      ],
      { confirms: 'at once' },
    );
    const steps = told.flatMap((happening) => {
      if (happening.what !== 'change' || happening.kind !== 'Rollout') return [];
      const { currentStepIndex } = (happening.after?.['status'] ?? {}) as { currentStepIndex?: number };
      return [{ at: (happening.at - began) / SECOND, index: currentStepIndex }];
    });
    assert.ok(steps.filter(({ at }) => at > 25 && at < 75).every(({ index }) => index === 0));
    assert.ok(steps.some(({ at, index }) => at > 79 && index === 1));
    assert.equal(end, 'Healthy');
  });
});
