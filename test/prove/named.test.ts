import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NAMED, playNamed } from './named.ts';
import { Report } from './report.ts';
import { basic, second } from './scenarios/worlds.ts';

const promoted = {
  name: 'a release',
  history: basic([{ setWeight: 50 }], [{ at: second(30), do: 'image', tag: 'v2' }]),
};

describe('named histories', () => {
  it('have one name each', () => {
    const names = NAMED.map(({ name }) => name);
    assert.deepEqual(names, [...new Set(names)]);
  });

  it('say what does not hold of them', async () => {
    const { outcome, wrong } = await playNamed({ ...promoted, end: /^Degraded/ });
    assert.equal(wrong, 'it ends Healthy, not /^Degraded/');
    assert.deepEqual(outcome.violations, []);
    assert.match((await playNamed({ ...promoted, tells: [/ v3 /] })).wrong ?? '', /does not tell/);
    assert.match(
      (await playNamed({ ...promoted, most: { of: 'ReplicaSet', writes: 1 } })).wrong ?? '',
      /^\d+ writes of ReplicaSet$/,
    );
    assert.match((await playNamed({ ...promoted, watch: () => 'harm' })).wrong ?? '', /^harm$/);
    assert.equal((await playNamed({ ...promoted, end: /^Healthy/, tells: [/v2/] })).wrong, undefined);
  });

  it('fail a run when something does not hold of them, though no rule breaks', async () => {
    const { outcome, wrong } = await playNamed({ ...promoted, end: /^Degraded/ });
    const report = new Report();
    report.add(promoted.name, outcome, 1, wrong);
    report.add(1, outcome, 1);
    assert.equal(report.unknown, 1);
    const lines = [...report.lines([], 1)].join('\n');
    assert.match(lines, /^1 random and 1 named histories/);
    assert.match(lines, /WRONG: "a release": it ends Healthy/);
  });
});
