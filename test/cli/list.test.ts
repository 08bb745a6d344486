import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { Bench, NS, rollout, STEPS } from './harness.ts';

const healthy = (name: string, more: JsonObject = {}): JsonObject =>
  rollout(
    name,
    { canary: { steps: STEPS } },
    {
      observedGeneration: '1',
      phase: 'Healthy',
      currentStepIndex: 5,
      replicas: 5,
      updatedReplicas: 5,
      readyReplicas: 5,
      availableReplicas: 5,
      ...more,
    },
  );
const inOther = (object: JsonObject): JsonObject => ({
  ...object,
  metadata: { ...(object['metadata'] as JsonObject), namespace: 'other' },
});

async function filled(): Promise<Bench> {
  const bench = new Bench();
  await bench.put(
    healthy('web', { phase: 'Paused', message: 'CanaryPauseStep', currentStepIndex: 1, updatedReplicas: 1 }),
    rollout(
      'api',
      { blueGreen: { activeService: 'api' } },
      { observedGeneration: '1', phase: 'Progressing', replicas: 5, readyReplicas: 3 },
    ),
    rollout('new', { canary: {} }),
    inOther(healthy('web')),
  );
  return bench;
}

const experiment = (name: string, duration: string | undefined, status: JsonObject): JsonObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Experiment',
  metadata: { name },
  spec: { templates: [], ...(duration === undefined ? {} : { duration }) },
  status,
});

const set = (bench: Bench, status: JsonObject): Promise<unknown> =>
  bench.api.patch(
    ROLLOUT,
    { namespace: NS, name: 'web' },
    { type: 'merge', body: { status } },
    { subresource: 'status' },
  );

describe('list rollouts', () => {
  it('has a line for each, in columns', async () => {
    const bench = await filled();
    const { code, out } = await bench.run('list rollouts');
    assert.equal(code, 0);
    assert.equal(
      out,
      [
        'NAME        STRATEGY   STATUS        STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE',
        'api         BlueGreen  Progressing   -     -           3/5    5        0           0',
        'new         Canary     Progressing   -     100         0/0    5        0           0',
        'web         Canary     Paused        1/5   20          5/5    5        1           5',
        '',
      ].join('\n'),
    );
    assert.deepEqual(bench.requests, ['LIST rollouts']);
  });

  it('tells namespaces, times, and one of them', async () => {
    const bench = await filled();
    const { out } = await bench.run('list ro -A --name web --timestamps');
    assert.equal(
      out,
      [
        'TIMESTAMP             NAMESPACE  NAME        STRATEGY   STATUS        STEP  SET-WEIGHT  READY  DESIRED  UP-TO-DATE  AVAILABLE',
        '2026-01-01T12:00:00Z  other      web         Canary     Healthy       5/5   100         5/5    5        5           5',
        '2026-01-01T12:00:00Z  shop       web         Canary     Paused        1/5   20          5/5    5        1           5',
        '',
      ].join('\n'),
    );
  });

  it('has data for programs', async () => {
    const bench = await filled();
    const found = JSON.parse((await bench.run('list rollouts -o json')).out) as {
      name: string;
      setWeight?: number;
    }[];
    assert.deepEqual(
      found.map(({ name, setWeight }) => [name, setWeight]),
      [
        ['api', undefined],
        ['new', 100],
        ['web', 20],
      ],
    );
  });

  it('says when there is nothing', async () => {
    const bench = new Bench();
    for (const what of ['rollouts', 'experiments'])
      assert.deepEqual(await bench.run(`list ${what}`), { code: 0, out: '', err: 'No resources found.\n' });
  });

  it('follows with a line for each change, under the same columns', async () => {
    const bench = await filled();
    const stop = new AbortController();
    const running = bench.run('list rollouts -w', { signal: stop.signal });
    await bench.clock.advance(1_000);
    const status = (name: string, body: JsonObject): Promise<unknown> =>
      bench.api.patch(
        ROLLOUT,
        { namespace: NS, name },
        { type: 'merge', body: { status: body } },
        { subresource: 'status' },
      );
    await status('web', { currentStepIndex: 2 });
    await status('web', { currentStepIndex: 3, message: 'waiting' });
    await bench.clock.advance(1_000);
    await status('web', { message: 'not a column' });
    await bench.clock.advance(1_000);
    await status('new', { phase: 'Healthy', currentStepIndex: 3 });
    await bench.clock.advance(1_000);
    stop.abort(new Error('interrupted'));
    const { code, out } = await running;
    assert.equal(code, 0);
    assert.deepEqual(out.split('\n').slice(4), [
      'web         Canary     Paused        3/5   40          5/5    5        1           5',
      'new         Canary     Healthy       -     100         0/0    5        0           0',
      '',
    ]);
  });
});

describe('list experiments', () => {
  it('tells how long they still take', async () => {
    const bench = new Bench();
    await bench.put(
      experiment('done', '10m', { phase: 'Successful', availableAt: '2026-01-01T12:00:00Z' }),
      experiment('odd', 'a while', { phase: 'Running', availableAt: '2026-01-01T12:00:00Z' }),
      experiment('runs', '10m', { phase: 'Running', availableAt: '2026-01-01T12:00:00Z' }),
      experiment('starts', '1h', { phase: 'Pending' }),
      experiment('over', '1m', { phase: 'Running', availableAt: '2026-01-01T12:00:00Z' }),
      experiment('endless', undefined, {}),
    );
    await bench.clock.advance(180_000);
    assert.equal(
      (await bench.run('list exp')).out,
      [
        'NAME        STATUS      DURATION  REMAINING  AGE',
        'done        Successful  10m       -          3m',
        'endless                 -         -          3m',
        'odd         Running     -         -          3m',
        'over        Running     60s       -          3m',
        'runs        Running     10m       7m         3m',
        'starts      Pending     60m       -          3m',
        '',
      ].join('\n'),
    );
    assert.match((await bench.run('list experiments -A')).out, /^NAMESPACE {2}NAME/);
  });
});

describe('status', () => {
  it('tells the state once', async () => {
    const rows: [JsonObject, number, string, string][] = [
      [{ phase: 'Healthy' }, 0, 'Healthy\n', ''],
      [{ phase: 'Paused', message: 'CanaryPauseStep' }, 0, 'Paused - CanaryPauseStep\n', ''],
      [
        { phase: 'Progressing', message: 'more replicas need to be updated' },
        0,
        'Progressing - more replicas need to be updated\n',
        '',
      ],
      [
        { phase: 'Degraded', message: 'RolloutAborted: bad' },
        1,
        'Degraded\n',
        'Error: The rollout is in a degraded state with message: RolloutAborted: bad\n',
      ],
    ];
    for (const [status, code, out, err] of rows) {
      const bench = new Bench();
      await bench.put(healthy('web', status));
      assert.deepEqual(await bench.run('status web --watch=false'), { code, out, err });
      assert.deepEqual(bench.requests, ['GET rollouts/web']);
    }
  });

  it('waits for the end by itself, and prints each state once', async () => {
    const bench = new Bench();
    await bench.put(healthy('web', { phase: 'Progressing', message: 'more replicas need to be updated' }));
    const running = bench.run('status web');
    await bench.clock.advance(1_000);
    await set(bench, { phase: 'Paused', message: 'CanaryPauseStep' });
    await bench.clock.advance(1_000);
    await set(bench, { readyReplicas: 4 });
    await bench.clock.advance(1_000);
    await set(bench, { phase: 'Healthy', message: null });
    await bench.clock.advance(1_000);
    assert.deepEqual(await running, {
      code: 0,
      out: 'Progressing - more replicas need to be updated\nPaused - CanaryPauseStep\nHealthy\n',
      err: '',
    });
  });

  it('ends with an error when the rollout degrades', async () => {
    const bench = new Bench();
    await bench.put(healthy('web', { phase: 'Progressing', message: 'x' }));
    const running = bench.run('status web -o json');
    await bench.clock.advance(1_000);
    await set(bench, { phase: 'Degraded', message: 'ProgressDeadlineExceeded: late' });
    await bench.clock.advance(1_000);
    const { code, out, err } = await running;
    assert.equal(code, 1);
    assert.deepEqual(
      out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { status: string }).status),
      ['Progressing', 'Degraded'],
    );
    assert.equal(
      err,
      'Error: The rollout is in a degraded state with message: ProgressDeadlineExceeded: late\n',
    );
  });

  it('gives up when the time is over, and on Ctrl-C', async () => {
    const bench = new Bench();
    await bench.put(healthy('web', { phase: 'Paused', message: 'CanaryPauseStep' }));
    const timed = bench.run('status web --timeout 5s');
    await bench.clock.advance(4_900);
    assert.deepEqual(bench.requests, ['GET rollouts/web', 'LIST rollouts'], 'not read again yet');
    await bench.clock.advance(200);
    const expected = {
      code: 1,
      out: 'Paused - CanaryPauseStep\n',
      err: 'Error: Rollout status watch exceeded timeout\n',
    };
    assert.deepEqual(await timed, expected);
    const stop = new AbortController();
    const stopped = bench.run('status web', { signal: stop.signal });
    await bench.clock.settle();
    stop.abort(new Error('interrupted'));
    assert.deepEqual(await stopped, expected);
  });

  it('is not taken in by the health of the generation before', async () => {
    const bench = new Bench();
    await bench.put(healthy('web'));
    await bench.api.patch(
      ROLLOUT,
      { namespace: NS, name: 'web' },
      { type: 'merge', body: { spec: { minReadySeconds: 5 } } },
    );
    const { out } = await bench.run('status web --watch=false');
    assert.equal(out, 'Progressing - waiting for rollout spec update to be observed\n');
  });

  it('tells of a rollout that is not there, or no longer', async () => {
    const bench = new Bench();
    assert.match(
      (await bench.run('status nobody')).err,
      /^Error: rollout\.argoproj\.io "nobody" not found\n/,
    );
    await bench.put(healthy('web', { phase: 'Paused', message: 'x' }));
    const running = bench.run('status web');
    await bench.clock.settle();
    await bench.api.delete(ROLLOUT, { namespace: NS, name: 'web' });
    await bench.clock.advance(1_000);
    const { code, err } = await running;
    assert.equal(code, 1);
    assert.match(err, /^Error: rollout\.argoproj\.io "web" not found\n/);
  });
});
