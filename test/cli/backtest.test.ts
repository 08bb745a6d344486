/** `backtest` against an HTTP server that answers like Prometheus, at any past second. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { BacktestModel } from '../../src/cli/backtest/model.ts';
import { serve, type TestServer } from '../providers/server.ts';
import { Bench, golden, START } from './harness.ts';

const MINUTE = 60_000;
/** What the made-up Prometheus knows of a query at a time; null: no data. */
let answerAt: (at: number, query: string) => number | null = () => 0;
/** Code and value of each series where there are several. */
let countersAt: (at: number, query: string) => Readonly<Record<string, number>> | undefined = () => undefined;
let prometheus: TestServer;

before(async () => {
  prometheus = await serve(({ body }, response) => {
    const form = new URLSearchParams(body);
    const at = Number(form.get('time'));
    const query = form.get('query') ?? '';
    const value = query === 'vector(1)' ? 1 : answerAt(at * 1000, query);
    const counters = query === 'vector(1)' ? undefined : countersAt(at * 1000, query);
    const result =
      counters !== undefined
        ? Object.entries(counters).map(([code, count]) => ({ metric: { code }, value: [at, String(count)] }))
        : value === null
          ? []
          : [{ metric: {}, value: [at, Number.isNaN(value) ? 'NaN' : String(value)] }];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  });
});
after(() => prometheus[Symbol.asyncDispose]());

const TEMPLATE = `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: error-rate}
spec:
  args: [{name: hash}, {name: limit, value: '0.05'}]
  metrics:
  - name: errors
    interval: 1m
    count: 5
    failureLimit: 1
    inconclusiveLimit: 2
    successCondition: len(result) > 0 && result[0] < {{args.limit}}
    failureCondition: len(result) > 0 && result[0] >= {{args.limit}}
    provider: {prometheus: {address: 'http://prometheus.monitoring:9090', query: 'errors{hash="{{args.hash}}"}'}}
`;

const files = { 'f.yaml': TEMPLATE };
const line = (more = ''): string =>
  `backtest -f f.yaml --from 1h -a hash=abc --prometheus http://127.0.0.1:${prometheus.port} ${more}`;
const modelOf = (out: string): BacktestModel => JSON.parse(out) as BacktestModel;

/** Good for 20 minutes, bad for 10, then nobody calls. */
const story = (at: number): number | null => {
  const minutes = (at - (START - 60 * MINUTE)) / MINUTE;
  return minutes < 20 ? 0.01 : minutes < 30 ? 0.3 : null;
};

describe('backtest', () => {
  it('draws what a run at each time would have said', async () => {
    answerAt = story;
    const outcome = await new Bench().run(line('--symbols'), { files });
    assert.deepEqual([outcome.code, outcome.err], [0, '']);
    golden('backtest', outcome.out);
    golden('backtest-color', (await new Bench().run(line('--step 5m'), { files, terminal: true })).out);
    golden('backtest-plain', (await new Bench().run(line('--step 5m'), { files })).out);
  });

  it('judges by the code of the controller: limits, counts and messages', async () => {
    answerAt = story;
    const { out } = await new Bench().run(line('--step 1m -o json'), { files });
    const { runs, summary, metrics } = modelOf(out);
    // From minute 19 on a run sees two failures within its five measurements.
    const phases = runs.map(({ phase }) => phase);
    assert.equal(phases.indexOf('Failed'), 17, 'the fifth and fourth of its measurements are bad');
    assert.equal(runs[17]?.message, 'Metric "errors" assessed Failed due to failed (2) > failureLimit (1)');
    assert.equal(runs[17]?.measurements, 5);
    assert.equal(runs[20]?.measurements, 2, 'the run ends with the second failure');
    assert.equal(phases.indexOf('Inconclusive'), 29);
    assert.equal(
      runs[40]?.message,
      'Metric "errors" assessed Inconclusive due to inconclusive (3) > inconclusiveLimit (2)',
    );
    assert.deepEqual(summary, {
      runs: 61,
      successful: 17,
      failed: 12,
      inconclusive: 30,
      error: 0,
      running: 2,
    });
    assert.equal(phases.at(-1), 'Running', 'nobody knows what comes');
    assert.equal(metrics[0]?.points.length, 61, 'each minute was asked for once');
  });

  it('asks at past times, with the arguments, at the address that was given', async () => {
    const seen: string[] = [];
    answerAt = (at, query) => {
      seen.push(`${new Date(at).toISOString()} ${query}`);
      return 0;
    };
    const { out } = await new Bench().run(line('--from 10m --to 5m --step 5m -o json'), { files });
    assert.equal(modelOf(out).queries, 11, 'ten, and the trial');
    assert.equal(seen.length, 10);
    assert.deepEqual(seen.toSorted()[0], '2026-01-01T11:50:00.000Z errors{hash="abc"}');
    assert.deepEqual(new Set(seen).size, 10);
  });

  it('reads a template of the cluster, with those that it refers to', async () => {
    answerAt = () => 0.5;
    const bench = new Bench();
    const metric = (name: string) => ({
      name,
      successCondition: 'result[0] < 1',
      provider: { prometheus: { address: `http://127.0.0.1:${prometheus.port}`, query: name } },
    });
    const api = { apiVersion: 'argoproj.io/v1alpha1' };
    await bench.put(
      {
        ...api,
        kind: 'AnalysisTemplate',
        metadata: { name: 'outer' },
        spec: { metrics: [metric('a')], templates: [{ templateName: 'inner', clusterScope: true }] },
      },
      {
        ...api,
        kind: 'ClusterAnalysisTemplate',
        metadata: { name: 'inner' },
        spec: { metrics: [metric('b')] },
      },
      {
        ...api,
        kind: 'AnalysisTemplate',
        metadata: { name: 'lost' },
        spec: { templates: [{ templateName: 'gone' }] },
      },
    );
    const { out, err } = await bench.run('backtest outer --from 10m --step 5m -o json');
    assert.equal(err, '');
    assert.deepEqual(
      modelOf(out).metrics.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.match(
      (await bench.run('backtest lost --from 1h')).err,
      /^Error: AnalysisTemplate 'gone' not found\n/,
    );
    assert.match(
      (await bench.run('backtest nope --from 1h')).err,
      /^Error: analysistemplates\.argoproj\.io "nope" not found\n/,
    );
    assert.match(
      (await bench.run('backtest inner --global --from 1h -o json')).out,
      /"template": "ClusterAnalysisTemplate \\"inner\\""/,
    );
  });

  it('says what it can not do, and what to do', async () => {
    answerAt = () => 0;
    const bench = new Bench();
    const web = TEMPLATE.replace(/provider: .*/, 'provider: {web: {url: http://x}}');
    const secret = TEMPLATE.replace(
      '{name: hash}',
      '{name: hash, valueFrom: {secretKeyRef: {name: s, key: k}}}',
    );
    const rows: [string, string, RegExp][] = [
      ['backtest -f f.yaml', TEMPLATE, /^Error: when does it begin\? give --from/],
      ['backtest -f f.yaml --from yesterday', TEMPLATE, /^Error: --from "yesterday" is no time: write 6h/],
      ['backtest -f f.yaml --from 1h --to 2h', TEMPLATE, /^Error: --to must be after --from/],
      ['backtest -f f.yaml --from 1h --to 2026-01-02T00:00:00Z', TEMPLATE, /^Error: --to is in the future/],
      [
        'backtest -f f.yaml --from 1h',
        TEMPLATE,
        /^Error: args\.hash was not resolved\nHint: give it a value with --arg/,
      ],
      ['backtest other -f f.yaml --from 1h', TEMPLATE, /^Error: f\.yaml has no template "other"/],
      ['backtest -f f.yaml --from 1h', web, /^Error: args\.hash was not resolved/],
      [
        'backtest -f f.yaml --from 1h -a hash=x',
        web,
        /^Error: none of its metrics can be asked about the past/,
      ],
      [
        'backtest -f f.yaml --from 1h',
        secret,
        /^Error: the argument "hash" comes from the cluster .*\nHint: give it with --arg hash=VALUE/,
      ],
      ['backtest -f f.yaml --from 1h -a hash', TEMPLATE, /^Error: arguments must be in the form NAME=VALUE/],
      [
        'backtest -f f.yaml --from 1h -a hash=x --prometheus http://127.0.0.1:1',
        TEMPLATE,
        /^Error: Prometheus can't be asked for metric "errors": .*connection refused\nHint: from outside of the cluster/,
      ],
      [
        line('--max-queries 10'),
        TEMPLATE,
        /^Error: about 61 queries are needed, and 10 are allowed\nHint: take a larger --step/,
      ],
      [
        line('--step 1s --from 48h'),
        TEMPLATE,
        /^Error: --step 1s makes 172801 runs, and at most 5000 are possible/,
      ],
      [line('--step 100ms'), TEMPLATE, /^Error: --step must be whole seconds/],
      ['backtest --from 1h', TEMPLATE, /^Error: name a template of the cluster, or give -f FILE/],
    ];
    for (const [command, text, err] of rows) {
      const outcome = await bench.run(command, { files: { 'f.yaml': text } });
      assert.equal(outcome.code, 1, command);
      assert.match(outcome.err, err, command);
      assert.equal(outcome.out, '');
    }
  });

  it('follows a run that has no end of its own for as long as it is told', async () => {
    answerAt = () => 0;
    const endless = { 'f.yaml': TEMPLATE.replace('    count: 5\n', '') };
    const runs = async (more: string): Promise<BacktestModel['runs']> =>
      modelOf((await new Bench().run(line(`--to 50m --step 10m -o json ${more}`), { files: endless })).out)
        .runs;
    assert.deepEqual(
      (await runs('')).map(({ phase, measurements }) => [phase, measurements]),
      [
        ['Running', 31],
        ['Running', 31],
      ],
    );
    assert.equal((await runs('--for 5m'))[0]?.measurements, 6);
  });

  it('holds where strict evidence is asked for, by the template or on the command line', async () => {
    answerAt = story;
    const bare = TEMPLATE.replaceAll('len(result) > 0 && ', '');
    const annotated = bare.replace(
      'metadata: {name: error-rate}',
      'metadata: {name: error-rate, annotations: {sluice.dev/evidence: strict}}',
    );
    const ends = async (text: string, more = ''): Promise<(string | undefined)[]> => {
      const { out } = await new Bench().run(line(`--step 20m -o json ${more}`), {
        files: { 'f.yaml': text },
      });
      return modelOf(out).runs.map(({ phase }) => phase);
    };
    assert.deepEqual(await ends(bare), ['Successful', 'Failed', 'Error', 'Running']);
    assert.deepEqual(
      await ends(annotated),
      ['Successful', 'Failed', 'Running', 'Running'],
      'no data never decides',
    );
    assert.deepEqual(await ends(bare, '--evidence strict'), await ends(annotated));
    assert.deepEqual(await ends(annotated, '--evidence stock'), await ends(bare));
  });

  it('judges nothing before there were enough requests', async () => {
    const counted = TEMPLATE.replace(
      '    provider:',
      '    evidence: {minSamples: 100, samplesQuery: "requests"}\n    provider:',
    );
    answerAt = (at, query) => (query !== 'requests' ? 0.01 : at < START - 30 * MINUTE ? 99 : 100);
    const { out } = await new Bench().run(line('--step 20m --for 6m -o json'), {
      files: { 'f.yaml': counted },
    });
    const { runs, metrics } = modelOf(out);
    assert.deepEqual(
      runs.map(({ phase }) => phase),
      ['Running', 'Running', 'Successful', 'Running'],
    );
    assert.match(metrics[0]?.points[0]?.message ?? '', /^too few requests: 99 of the 100/);
  });

  describe('with a judge', () => {
    const judge = (more = '') =>
      `${TEMPLATE.slice(0, TEMPLATE.indexOf('  - name: errors'))}  - name: judged
    provider:
      judge:
        prometheus: {address: 'http://prometheus.monitoring:9090'}
        errorRate: {canary: 'canary_{{args.hash}}', stable: stable, failed: {label: code, pattern: '5..'}}
${more}`;
    const modelWith = async (text: string, more: string): Promise<BacktestModel> => {
      const { out, err, code } = await new Bench().run(line(`--step 20m -o json ${more}`), {
        files: { 'f.yaml': text },
      });
      assert.deepEqual([code, err], [0, '']);
      return modelOf(out);
    };
    /** Ten requests a second on either side, and none to the canary in the last 20 minutes. */
    const traffic = (badFrom: number) => (at: number, query: string) => {
      if (query !== 'stable' && query !== 'canary_abc') return undefined;
      const seconds = (at - (START - 60 * MINUTE)) / 1000;
      const seen = query === 'stable' ? seconds : Math.min(seconds, 40 * 60);
      const failed = query === 'stable' ? 0 : Math.max(0, seen - badFrom);
      return { '200': 10 * seen - failed, '500': failed };
    };
    after(() => (countersAt = () => undefined));

    it('goes on until there is a verdict, or the time is over', async () => {
      countersAt = traffic(10 * 60);
      const { runs, metrics, leftOut } = await modelWith(judge(), '--for 18m');
      assert.deepEqual(leftOut, []);
      assert.deepEqual(
        runs.map(({ phase, measurements }) => [phase, measurements]),
        [
          ['Successful', 1],
          ['Failed', 1],
          ['Running', 0],
          ['Running', 0],
        ],
      );
      assert.ok(
        runs[0]?.endedAt !== undefined && runs[0].endedAt < '2026-01-01T11:10:00Z',
        'before it is bad',
      );
      assert.match(runs[1]?.message ?? '', /^Metric "judged" assessed Failed due to failed \(1\)/);
      assert.match(metrics[0]?.points[1]?.message ?? '', /^worse: canary 10\.00 %/);
    });

    it('asks once for runs that look at the same seconds, and says before how much it may be', async () => {
      countersAt = traffic(Infinity);
      const { queries } = await modelWith(judge(), '--from 20m --to 10m --step 5m --for 10m');
      // No traffic: all three look until the end, at 121 seconds altogether, at both sides; and the trial.
      assert.equal(queries, 2 * 121 + 1);
      const outcome = await new Bench().run(line('--step 20m --max-queries 100'), {
        files: { 'f.yaml': judge() },
      });
      assert.match(outcome.err, /^Error: about 722 queries are needed, and 100 are allowed/);
    });

    it('ends with a metric beside it that failed', async () => {
      countersAt = traffic(Infinity);
      answerAt = () => 9;
      const more = `  - name: limit
    successCondition: result[0] < 1
    provider: {prometheus: {address: 'http://prometheus.monitoring:9090', query: other}}
`;
      const { runs } = await modelWith(judge(more), '');
      for (const run of runs.slice(0, 3)) {
        assert.deepEqual([run.phase, run.measurements], ['Failed', 2]);
        assert.match(run.message, /^Metric "limit" assessed Failed/);
      }
    });
  });

  it('leaves metrics of other providers out, and says so', async () => {
    answerAt = () => 0;
    const mixed = `${TEMPLATE}  - {name: smoke, provider: {job: {spec: {}}}}\n  dryRun: [{metricName: smoke}]\n`;
    const { err, out } = await new Bench().run(line('-o json'), { files: { 'f.yaml': mixed } });
    assert.match(err, /^Warning: metric "smoke" is left out/);
    assert.deepEqual(modelOf(out).leftOut, ['smoke']);
  });

  it('shows errors of single queries as errors of measurements', async () => {
    answerAt = (at) => (at < START - 30 * MINUTE ? Number.NaN : null);
    const plain = TEMPLATE.replaceAll('len(result) > 0 && ', '');
    const { out } = await new Bench().run(line('--step 10m'), { files: { 'f.yaml': plain } });
    assert.match(out, /Inconclusive/);
    assert.match(out, /times: could not evaluate successCondition .*no data returned/);
  });
});
