/** Worlds with mistakes: what is broken is mended, a definition refuses what it can, and a refused spec says so. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { MISTAKES } from './broken-rollouts.ts';
import { isBroken } from './generate-broken.ts';
import { randomHistory } from './generate.ts';
import type { History, HistoryEvent, Setup } from './history.ts';
import { rollout, service } from './manifests.ts';
import { RULES } from './registry.ts';
import type { Happening } from './rules/types.ts';
import { simulate } from './simulate.ts';

const SECOND = 1_000;

const historyOf = (events: readonly HistoryEvent[], setup: Partial<Setup> = {}): History => ({
  seed: 1,
  setup: {
    objects: [service('web')],
    rollout: rollout({ canary: { steps: [{ setWeight: 50 }, { pause: {} }] } }),
    processes: 1,
    source: 'rollout',
    ...setup,
  },
  events,
});

const breaks = (at: number, change: JsonObject | null, of = 'Rollout/web'): HistoryEvent => ({
  at: at * SECOND,
  do: 'break',
  what: 'a test',
  of,
  change,
});

/** The Rollout as it was left, and what was told. */
async function play(history: History): Promise<{ last: KubeObject; told: Happening[]; end: string }> {
  const told: Happening[] = [];
  const { end, violations } = await simulate(history, {
    rules: RULES,
    onHappening: (happening) => told.push(happening),
  });
  assert.deepEqual(violations, []);
  const last = told.findLast(
    (happening) =>
      happening.what === 'change' && happening.key === 'shop/web' && happening.kind === 'Rollout',
  );
  assert.ok(last?.what === 'change' && last.after !== undefined);
  return { last: last.after, told, end };
}

describe('a mistake', () => {
  it('stops nothing that runs, is named, and is gone when it is mended', async () => {
    const { last, end, told } = await play(
      historyOf([
        breaks(20, { spec: { minReadySeconds: -1, strategy: { canary: { steps: [{}] } } } }),
        { at: 60 * SECOND, do: 'mend' },
      ]),
    );
    assert.equal(end, 'Healthy');
    const { minReadySeconds, strategy } = last['spec'] as { minReadySeconds?: number; strategy: JsonObject };
    assert.equal(minReadySeconds, undefined);
    assert.deepEqual(strategy, { canary: { steps: [{ setWeight: 50 }, { pause: {} }] } });
    const messages = told.flatMap((happening) =>
      happening.what === 'change' && happening.kind === 'Rollout'
        ? [(happening.after?.['status'] as { message?: string } | undefined)?.message ?? '']
        : [],
    );
    assert.ok(
      messages.some((message) => message.startsWith('InvalidSpec: ')),
      messages.join('\n'),
    );
    const served = told.filter((happening) => happening.what === 'traffic' && happening.at > 20 * SECOND);
    assert.ok(served.length > 5);
    assert.ok(
      told.every(
        (happening) =>
          happening.what !== 'change' || happening.kind !== 'ReplicaSet' || happening.verb !== 'delete',
      ),
    );
  });

  it('that nobody mends ends Degraded with its reason', async () => {
    const { end } = await play(historyOf([breaks(20, { spec: { minReadySeconds: -5 } })]));
    assert.match(end, /^Degraded \(InvalidSpec: .*minReadySeconds/);
  });

  it('is refused by a definition that knows better, and let in by an open one', async () => {
    const text = [breaks(20, { spec: { replicas: 'many' } })];
    const known = await play(historyOf(text));
    assert.equal((known.last['spec'] as JsonObject)['replicas'], 4);
    assert.equal(known.end, 'Healthy');
    const open = await play(historyOf(text, { crds: 'open' }));
    assert.match(open.end, /^Degraded \(InvalidSpec: .*spec\.replicas/);
  });

  it('in another object is mended, too, and one on top of another in turn', async () => {
    const strategy = { canary: { stableService: 'web-stable', canaryService: 'web-canary' } };
    const { end, told } = await play(
      historyOf(
        [
          breaks(10, null, 'Service/web-canary'),
          breaks(12, { spec: { strategy: { canary: { canaryService: 'web-stable' } } } }),
          breaks(14, { spec: { strategy: { canary: { canaryService: 'nowhere' } } } }),
          { at: 40 * SECOND, do: 'mend' },
        ],
        { rollout: rollout(strategy), objects: [service('web-stable'), service('web-canary')] },
      ),
    );
    assert.equal(end, 'Healthy');
    const mended = told.flatMap((happening) =>
      happening.what === 'command' && happening.text.startsWith('mends') ? [happening.text] : [],
    );
    assert.equal(mended.length, 3);
  });
});

describe('the worlds with mistakes', () => {
  it('make all of them in some hundred histories', () => {
    const made = new Set<string>();
    for (let seed = 1; seed <= 4000; seed++)
      if (isBroken(seed))
        for (const event of randomHistory(seed).events) if (event.do === 'break') made.add(event.what);
    assert.deepEqual(
      MISTAKES.map(({ what }) => what).filter((what) => !made.has(what)),
      [],
    );
  });
});
