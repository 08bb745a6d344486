import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Checks, CheckFailed } from '../../src/demo/checks.ts';
import { complaints } from '../../src/demo/complaints.ts';
import { type DemoOptions, runDemo } from '../../src/demo/index.ts';
import { Ledger, tally } from '../../src/demo/ledger.ts';

function options(script: string, more: Partial<DemoOptions> = {}): DemoOptions & { text(): string } {
  let text = '';
  return {
    program: [process.execPath, '-e', script, '--'],
    out: { write: (part) => (text += part) },
    live: false,
    colour: false,
    speed: 1,
    keep: false,
    prometheus: 'builtin',
    signal: new AbortController().signal,
    ...more,
    text: () => text,
  };
}

/** Temporary files go to a place that no other test uses. */
const elsewhere = process.env['TMPDIR'];
before(async () => {
  process.env['TMPDIR'] = await mkdtemp(join(tmpdir(), 'sluice-test-'));
});
after(async () => {
  await rm(process.env['TMPDIR'] ?? '', { recursive: true, force: true });
  if (elsewhere === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = elsewhere;
});
const leftovers = (): string[] => readdirSync(tmpdir());

describe('a demo that can not go on', () => {
  it('says which part would not start, keeps its log, and exits with 1', async () => {
    const run = options("console.error('no cluster today'); process.exit(3)");
    assert.equal(await runDemo(run), 1);
    assert.match(
      run.text(),
      /✗ the sandbox ended unexpectedly \(exit code 3\): no cluster today; its log is (\S+)/,
    );
    const log = /its log is (\S+)/.exec(run.text())?.[1] ?? '';
    assert.ok(existsSync(log));
    assert.match(run.text(), /sandbox\.log: no cluster today\n/);
    await rm(dirname(dirname(log)), { recursive: true });
  });

  it('says so when a part talks nonsense', async () => {
    const run = options("console.log('hello'); setInterval(() => {}, 1000)");
    assert.equal(await runDemo(run), 1);
    assert.match(run.text(), /the sandbox said "hello" instead of its addresses/);
    const log = /its log is (\S+)/.exec(run.text())?.[1] ?? '';
    await rm(dirname(dirname(log)), { recursive: true });
  });

  it('ends its parts and leaves nothing when it is interrupted', async () => {
    const before = leftovers();
    const stop = new AbortController();
    const run = options('setInterval(() => {}, 1000)', { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('Ctrl-C')), 300);
    assert.equal(await runDemo(run), 130);
    assert.deepEqual(leftovers(), before);
  });
});

describe('complaints', () => {
  it('are the last errors of each log', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'sluice-test-'));
    try {
      const entries = [
        { level: 'error', msg: 'first' },
        { level: 'error', msg: 'the pass failed', error: { message: 'out of luck' } },
        { level: 'info', msg: 'stopping' },
      ];
      await writeFile(join(directory, 'a.log'), entries.map((entry) => JSON.stringify(entry)).join('\n'));
      await writeFile(join(directory, 'b.log'), '');
      await writeFile(join(directory, 'c.log'), 'boom\n');
      assert.deepEqual(complaints(directory), ['a.log: the pass failed: out of luck', 'c.log: boom']);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('checks', () => {
  it('record what was true and stop at what was not', () => {
    const told: string[] = [];
    const checks = new Checks(({ text }) => told.push(text));
    checks.that(1, true, 'five pods', '5');
    assert.throws(
      () => checks.that(2, false, 'no request failed', '3 of 100'),
      (error: unknown) =>
        error instanceof CheckFailed && error.step === 2 && error.message === 'no request failed: 3 of 100',
    );
    assert.deepEqual(told, ['five pods: 5']);
    assert.deepEqual([checks.count(1), checks.count(2)], [1, 0]);
  });
});

describe('the ledger', () => {
  it('counts answers between two times, by version and outcome', () => {
    const ledger = new Ledger();
    ledger.add([
      { start: 10, end: 20, status: 200, version: 'v1' },
      { start: 15, end: 40, status: 500, version: 'v2' },
      { start: 30, end: 35, status: 0, version: '' },
    ]);
    assert.deepEqual([ledger.count, ledger.failed], [3, 2]);
    const { answers, failed, byVersion } = tally(ledger.within(10, 35));
    assert.deepEqual(
      [answers, failed, [...byVersion]],
      [
        2,
        1,
        [
          ['v1', 1],
          ['', 1],
        ],
      ],
    );
    assert.equal(ledger.since(15).length, 2);
  });
});
