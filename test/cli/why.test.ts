import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { ROLLOUT } from '../../src/kube/kinds.ts';
import { runCli } from '../../src/cli/run.ts';
import { MINUTE, NAMESPACE, rolloutYaml, System } from '../system/world.ts';

const STEPS = '[{setWeight: 20}, {pause: {duration: 10m}}, {setWeight: 40}, {pause: {}}]';

async function ask(system: System, line: string): Promise<{ code: number; out: string; err: string }> {
  const outcome = { code: -1, out: '', err: '' };
  outcome.code = await runCli(line.split(' '), {
    clock: system.clock,
    random: () => 0.5,
    signal: new AbortController().signal,
    build: { version: 'v1.2.3', details: [] },
    io: {
      out: (text) => void (outcome.out += text),
      err: (text) => void (outcome.err += text),
      readFile: (path) => Promise.reject(new Error(path)),
      env: {},
      isTerminal: false,
      rows: () => undefined,
    },
    connect: () => Promise.resolve({ api: system.api, namespace: NAMESPACE }),
  });
  return outcome;
}

describe('why, beside a running controller', async () => {
  const system = new System();
  after(() => system[Symbol.asyncDispose]());
  await system.create(rolloutYaml('web', { steps: STEPS }));
  await system.clock.advance(MINUTE);

  it('says that nothing is waited for', async () => {
    const { code, out } = await ask(system, 'why web');
    assert.equal(code, 0);
    assert.equal(
      out,
      'Rollout shop/web: Healthy\nnothing: revision 1 is stable, 5 of 5 pods are available\n',
    );
  });

  it('says how long a pause goes on and how to end it, and only reads', async () => {
    await system.merge(ROLLOUT, 'web', {
      spec: { template: { spec: { containers: [{ name: 'app', image: 'app:v2' }] } } },
    });
    await system.clock.advance(MINUTE);
    const writes = system.writes.length;
    const { out } = await ask(system, 'why web');
    assert.match(
      out,
      new RegExp(
        '^Rollout shop/web: Paused\n' +
          'paused in step 2/4 \\(pause: 10m\\) for 10m: 9m\\d+s left, until 2026-01-01T00:11:\\d\\dZ\n\n' +
          'What can be done:\n' +
          '  go on at once: kubectl sluice promote web\n' +
          '  give this version up: kubectl sluice abort web\n$',
      ),
    );
    assert.equal(system.writes.length, writes);
  });

  it('gives programs the cause, the numbers and instants', async () => {
    const { out } = await ask(system, 'why web -o json');
    const { cause, pods, step, until, phase } = JSON.parse(out) as Record<string, unknown>;
    assert.deepEqual(
      { cause, pods, step, phase },
      {
        cause: 'pause',
        pods: { revision: 2, available: 1, size: 1 },
        step: { index: 1, of: 4 },
        phase: 'Paused',
      },
    );
    assert.match(String(until), /^2026-01-01T00:11:\d\dZ$/);
  });

  it('names the fault of a spec that is refused', async () => {
    await system.merge(ROLLOUT, 'web', { spec: { revisionHistoryLimit: -1 } });
    await system.clock.advance(MINUTE);
    const { out } = await ask(system, 'why web');
    assert.match(
      out,
      /^Rollout shop\/web: Degraded\nthe spec is refused, so nothing is started: The Rollout "web" is invalid: spec\.revisionHistoryLimit/,
    );
  });

  it('knows no Rollout of another name', async () => {
    const { code, err } = await ask(system, 'why nobody');
    assert.equal(code, 1);
    assert.match(err, /rollout\.argoproj\.io "nobody" not found/);
  });
});
