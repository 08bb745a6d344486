/** The judge of the recordings, on outputs and sequences that fit on a page. Needs no cluster. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Explanation, Sequences } from './differences.ts';
import { flipsLess, isWithin, kindOf, parseCheck, rowsOf, sameBut, unexplained } from './differences.ts';

const OUTPUT = `DIFFERENT  canary-basic: 2 that must match, 1 that may differ
  note The reference has a known defect here
  MUST Rollout/demo phase:
      ["Healthy", ""]
    - ["Progressing", "x"]
  MUST order: the reference has "Rollout/demo pod = <rs:1>" before "ReplicaSet/demo-<rs:1> replicas = 5", the candidate after it
equal      analysis-errors: 0 that must match, 1 that may differ
`;

const rows = (reference: unknown[], ours: unknown[], optional: unknown[] = []): Sequences => ({
  reference: { core: reference, optional },
  ours: { core: ours, optional: [] },
});

describe('judging the recorder’s output', () => {
  it('reads differences with their lines, and what is equal', () => {
    const { equal, differences } = parseCheck(OUTPUT);
    assert.deepEqual(equal, ['analysis-errors']);
    assert.deepEqual(
      differences.map(({ scenario, what, lines }) => [scenario, what.slice(0, 19), lines]),
      [
        ['canary-basic', 'Rollout/demo phase:', ['  ["Healthy", ""]', '- ["Progressing", "x"]']],
        ['canary-basic', 'order: the referenc', []],
      ],
    );
  });

  it('knows what a difference is about', () => {
    const texts = [
      'Rollout/demo condition Available:',
      'Events of Rollout/demo:',
      'order: the reference has "a = 1" before "b = {"x": 2}", the candidate after it',
      'checkpoint 2 (phase=Paused step=1) Pods <rs:2>.made so far: 4 -> 3',
      'final Rollout/demo.status.updatedReplicas: null -> 4',
      'the candidate has a problem: timed out',
    ];
    assert.deepEqual(texts.map(kindOf), [
      { kind: 'track', object: 'Rollout/demo', track: 'condition Available' },
      { kind: 'events', object: 'Rollout/demo' },
      { kind: 'order', earlier: 'a = 1', later: 'b = {"x": 2}' },
      { kind: 'checkpoint', at: 'phase=Paused step=1', place: 'Pods <rs:2>.made so far', values: '4 -> 3' },
      { kind: 'final', place: 'Rollout/demo.status.updatedReplicas', values: 'null -> 4' },
      { kind: 'other' },
    ]);
  });

  it('leaves what no explanation covers, and asks only those of the scenario', () => {
    const phases: Explanation = {
      compat: 'x',
      scenarios: ['canary-basic'],
      explains: (kind, sequences) =>
        kind.kind === 'track' && sequences !== undefined && sameBut(sequences, (value) => value === 2),
    };
    const trace = (phase: unknown) => ({ tracks: { 'Rollout/demo': { phase } } });
    const traces = { reference: () => trace({ core: [1, 2, 3], optional: [] }), ours: () => trace([1, 3]) };
    const left = unexplained(parseCheck(OUTPUT), [phases], traces);
    assert.deepEqual(
      left.map(({ what }) => what.slice(0, 6)),
      ['order:'],
    );
    assert.equal(unexplained(parseCheck(OUTPUT), [{ ...phases, scenarios: ['another'] }], traces).length, 2);
  });

  it('finds the rows of a track in either form, and none where there are none', () => {
    const trace = { tracks: { a: { list: [1], merged: { core: [1], optional: [2] } } } };
    assert.deepEqual(rowsOf(trace, 'a', 'list'), { core: [1], optional: [] });
    assert.deepEqual(rowsOf(trace, 'a', 'merged'), { core: [1], optional: [2] });
    assert.deepEqual(rowsOf(trace, 'b', 'list'), { core: [], optional: [] });
  });
});

describe('comparing sequences', () => {
  const even = (value: unknown): boolean => Number(value) % 2 === 0;
  const table: [string, Sequences, boolean][] = [
    ['in-between values are left out on both sides', rows([1, 2, 3], [1, 4, 3]), true],
    ['what comes twice in a row then counts once', rows([1, 2, 1, 3], [1, 3]), true],
    ['a missing value', rows([1, 2, 3], [1]), false],
    ['a strange value', rows([1, 3], [1, 5, 3]), false],
    ['another order', rows([1, 3, 5], [1, 5, 3]), false],
    ['an optional value that is there', rows([1, 3], [1, 5, 3], [5]), true],
    ['an optional value that is not there', rows([1, 3], [1, 3], [5]), true],
  ];
  for (const [name, sequences, same] of table)
    it(`${name}: ${same}`, () => assert.equal(sameBut(sequences, even), same));

  it('takes fewer flips, with the same ends and nothing new', () => {
    assert.ok(flipsLess(rows([0, 1, 0, 1], [0, 1])));
    assert.ok(!flipsLess(rows([0, 1], [0, 1, 0, 1])));
    assert.ok(!flipsLess(rows([0, 1, 0, 1], [0])));
    assert.ok(!flipsLess(rows([0, 1, 0, 1], [0, 2, 1])));
  });

  it('finds a sequence in a longer one', () => {
    assert.ok(isWithin([1, { a: 3 }], [1, 2, { a: 3 }]));
    assert.ok(!isWithin([3, 1], [1, 2, 3]));
  });
});
