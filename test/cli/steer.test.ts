import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANALYSIS_RUN, EXPERIMENT, ROLLOUT } from '../../src/kube/kinds.ts';
import { Bench, rollout, STEPS } from './harness.ts';

const CANARY = { canary: { steps: STEPS } };
const RUN = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: { name: 'check' },
  spec: { metrics: [] },
};
const EXPERIMENT_OBJECT = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Experiment',
  metadata: { name: 'compare' },
  spec: { templates: [] },
  status: { phase: 'Failed' },
};

describe('commands that are one patch', () => {
  const rows: [string, string, string][] = [
    ['abort web', 'PATCH rollouts/web/status merge {"status":{"abort":true}}', "rollout 'web' aborted\n"],
    [
      'retry rollout web',
      'PATCH rollouts/web/status merge {"status":{"abort":false}}',
      "rollout 'web' retried\n",
    ],
    ['retry ro web', 'PATCH rollouts/web/status merge {"status":{"abort":false}}', "rollout 'web' retried\n"],
    ['pause web', 'PATCH rollouts/web merge {"spec":{"paused":true}}', "rollout 'web' paused\n"],
    [
      'restart web',
      'PATCH rollouts/web merge {"spec":{"restartAt":"2026-01-01T12:00:00Z"}}',
      "rollout 'web' restarts in 0s\n",
    ],
    [
      'restart web -i 90s',
      'PATCH rollouts/web merge {"spec":{"restartAt":"2026-01-01T12:01:30Z"}}',
      "rollout 'web' restarts in 90s\n",
    ],
    [
      'retry exp compare',
      'PATCH experiments/compare merge {"status":null}',
      "experiment 'compare' retried\n",
    ],
    [
      'terminate ar check',
      'PATCH analysisruns/check merge {"spec":{"terminate":true}}',
      "analysisRun 'check' terminated\n",
    ],
    [
      'terminate experiment compare',
      'PATCH experiments/compare merge {"spec":{"terminate":true}}',
      "experiment 'compare' terminated\n",
    ],
  ];
  for (const [line, request, text] of rows) {
    it(line, async () => {
      const bench = new Bench();
      await bench.put(rollout('web', CANARY), RUN, EXPERIMENT_OBJECT);
      assert.deepEqual(await bench.run(line), { code: 0, out: text, err: '' });
      assert.deepEqual(bench.requests, [request]);
      assert.deepEqual([...bench.managers], ['sluice-cli']);
    });
  }

  it('take effect on the objects', async () => {
    const bench = new Bench();
    await bench.put(rollout('web', CANARY), RUN, EXPERIMENT_OBJECT);
    await bench.run('abort web');
    assert.equal((await bench.get(ROLLOUT, 'web'))['status']?.['abort' as never], true);
    await bench.run('retry experiment compare');
    assert.equal((await bench.get(EXPERIMENT, 'compare'))['status'], undefined);
    await bench.run('terminate analysisrun check');
    assert.deepEqual((await bench.get(ANALYSIS_RUN, 'check'))['spec'], { metrics: [], terminate: true });
  });

  it('write status to the main resource where it has no subresource', async () => {
    const bench = new Bench({ statusSubresource: false });
    await bench.api.create(ROLLOUT, {
      ...rollout('web', CANARY),
      metadata: { name: 'web', namespace: 'shop' },
    } as never);
    assert.equal((await bench.run('abort web')).code, 0);
    assert.deepEqual(bench.requests, [
      'PATCH rollouts/web/status merge {"status":{"abort":true}}',
      'PATCH rollouts/web merge {"status":{"abort":true}}',
    ]);
  });

  it('take several names, and stop at the first that fails', async () => {
    const bench = new Bench();
    await bench.put(rollout('a', CANARY), rollout('c', CANARY));
    const { code, out, err } = await bench.run('abort a b c');
    assert.equal(code, 1);
    assert.equal(out, "rollout 'a' aborted\n");
    assert.match(
      err,
      /^Error: rollouts\.argoproj\.io "b" not found\nHint: .*kubectl sluice list rollouts -n shop/,
    );
    assert.equal(bench.requests.length, 3, 'the second name is tried on status and on the main resource');
  });

  it('print the changed objects for programs', async () => {
    const bench = new Bench();
    await bench.put(rollout('a', CANARY), rollout('b', CANARY));
    const one = JSON.parse((await bench.run('pause a -o json')).out) as {
      kind: string;
      spec: { paused: boolean };
    };
    assert.deepEqual([one.kind, one.spec.paused], ['Rollout', true]);
    const two = JSON.parse((await bench.run('pause a b --output=json')).out) as {
      kind: string;
      items: unknown[];
    };
    assert.deepEqual([two.kind, two.items.length], ['List', 2]);
    assert.match(
      (await bench.run('abort a -o yaml')).out,
      /^apiVersion: argoproj\.io\/v1alpha1\nkind: Rollout\n/,
    );
  });

  it('refuse a duration that is none before anything is written', async () => {
    const bench = new Bench();
    for (const text of ['1x', '-5s', '']) {
      const { code, err } = await bench.run(['restart', 'web', `--in=${text}`]);
      assert.equal(code, 1);
      assert.match(err, /^Error: invalid argument ".*" for "-i, --in": it is a duration such as/);
    }
    assert.deepEqual(bench.requests, []);
  });
});
