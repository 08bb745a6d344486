import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Finding } from '../../../src/cli/lint/findings.ts';
import { Bench } from '../harness.ts';

const TEMPLATE = `# a comment
apiVersion: argoproj.io/v1alpha1
kind: ClusterAnalysisTemplate
metadata:
  name: error-rate
spec:
  args:
  - name: hash
  metrics:
  - name: errors
    interval: 30s
    count: 5
    failureCondition: len(result) > 0 && result[0] > 0.05
    provider:
      prometheus:
        query: sum(rate(errors{hash="{{args.hash}}"}[1m]))
`;

const lint = (text: string, line = 'lint -f f.yaml', more: Record<string, string> = {}) =>
  new Bench().run(line, { files: { 'f.yaml': text, ...more } });

const rulesIn = async (text: string): Promise<string[]> =>
  (JSON.parse((await lint(text, 'lint -f f.yaml --fail-on never -o json')).out) as Finding[]).map(
    ({ rule, line }) => `${rule}:${line}`,
  );

describe('lint of analyses', () => {
  it('says what, where, and how to write it', async () => {
    assert.deepEqual(await lint(TEMPLATE), {
      code: 0,
      err: '',
      out: `f.yaml:13: warning: there is only a failureCondition: no data, NaN and nonsense are no failure, so they pass [failure-only]
    at spec.metrics[0].failureCondition of ClusterAnalysisTemplate "error-rate"
    write successCondition: len(result) > 0 && result[0] <= 0.05
          failureCondition: len(result) > 0 && result[0] > 0.05
f.yaml:13: warning: no data at all is a success by \`len(result) > 0 && result[0] > 0.05\`: a canary that nobody called is promoted [passes-without-data]
    at spec.metrics[0].failureCondition of ClusterAnalysisTemplate "error-rate"
    write successCondition: len(result) > 0 && result[0] <= 0.05
          failureCondition: len(result) > 0 && result[0] > 0.05
f.yaml:13: warning: NaN is a success by \`len(result) > 0 && result[0] > 0.05\`: 0 errors of 0 requests is NaN [passes-on-nan]
    at spec.metrics[0].failureCondition of ClusterAnalysisTemplate "error-rate"
    write successCondition: len(result) > 0 && result[0] <= 0.05
          failureCondition: len(result) > 0 && result[0] > 0.05
          # or ask for it: !isNaN(result[0]) && ...
`,
    });
  });

  it('what it says how to write is clean', async () => {
    const mended = TEMPLATE.replace(
      '    failureCondition',
      '    successCondition: len(result) > 0 && result[0] <= 0.05\n    failureCondition',
    );
    assert.deepEqual(await lint(mended), { code: 0, out: '', err: '' });
  });

  it('fails on what it is told to fail on', async () => {
    const broken = TEMPLATE.replace('count: 5', 'count: 5\n    failureLimit: 5');
    const rows: [string, string, number, string][] = [
      [TEMPLATE, '', 0, ''],
      [TEMPLATE, ' --fail-on warning', 1, 'Error: 3 warnings\n'],
      [broken, '', 1, 'Error: 1 error\n'],
      [broken, ' --fail-on info', 1, 'Error: 1 error, 3 warnings\n'],
      [broken, ' --fail-on never', 0, ''],
    ];
    for (const [text, flag, code, err] of rows) {
      const outcome = await lint(text, `lint -f f.yaml${flag}`);
      assert.deepEqual([outcome.code, outcome.err], [code, err], flag);
    }
  });

  it('lets an object have its way, with a reason', async () => {
    const ignoring = (annotations: string): string =>
      TEMPLATE.replace('  name: error-rate', `  name: error-rate\n  annotations:\n${annotations}`);
    const all = ['failure-only', 'passes-without-data', 'passes-on-nan'].map(
      (rule) => `    lint.sluice.dev/ignore.${rule}: the errors are counted by hand`,
    );
    assert.deepEqual(await lint(ignoring(all.join('\n')), 'lint -f f.yaml --fail-on info'), {
      code: 0,
      out: '',
      err: '',
    });
    const { out } = await lint(ignoring(all.join('\n')), 'lint -f f.yaml -o json');
    assert.deepEqual(
      (JSON.parse(out) as Finding[]).map(({ ignored }) => ignored),
      Array.from({ length: 3 }, () => 'the errors are counted by hand'),
    );
    assert.deepEqual(
      await rulesIn(
        ignoring("    lint.sluice.dev/ignore.failure-only: ''\n    lint.sluice.dev/ignore.nonsense: why"),
      ),
      ['bad-ignore:7', 'bad-ignore:8', 'failure-only:16', 'passes-without-data:16', 'passes-on-nan:16'],
    );
  });

  it('reads several files, and knows the fields of what it reads', async () => {
    const rollout = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: x}]}}
  strategy:
    canary:
      analysis:
        templates: [{templateName: error-rate, clusterScope: true}]
`;
    const { code, out, err } = await lint(TEMPLATE, 'lint -f f.yaml -f web.yaml', { 'web.yaml': rollout });
    assert.equal(code, 1);
    assert.match(
      out,
      /^web\.yaml:9: error: the template "error-rate" needs the argument "hash": .* \[given-args\]$/m,
    );
    assert.equal(err, 'Error: 1 error\n');
    const typo = await lint(TEMPLATE.replace('failureCondition', 'failurCondition'));
    assert.match(typo.err, /unknown field "failurCondition"[^]*did you mean "failureCondition"/);
    const wrong = await lint(TEMPLATE.replace('interval: 30s', 'interval: [1]'));
    assert.match(wrong.out, /^f\.yaml:6: error: .*interval.* \[unreadable\]$/m);
    assert.equal(wrong.code, 1);
  });

  it('finds nothing wrong with what can not be known', async () => {
    const open = TEMPLATE.replace('sum(rate(errors{hash="{{args.hash}}"}[1m]))', "'{{args.hash}}'").replace(
      'failureCondition: len(result) > 0 && result[0] > 0.05',
      'successCondition: "{{args.hash}}"',
    );
    assert.deepEqual(await rulesIn(open), ['bad-condition:13']);
  });

  it('tells of YAML comments in the middle of a condition', async () => {
    const text = TEMPLATE.replace('len(result) > 0 && result[0] > 0.05', 'any(result, # > 0.05)');
    assert.match((await lint(text)).out, /write "all\(result, # < 5\)" {3}# with quotes/);
  });

  it('looks at how long a step holds its weight', async () => {
    const metric = `successCondition: len(result) > 0 && result[0] < 5
    failureCondition: len(result) > 0 && result[0] >= 5`;
    const base = TEMPLATE.replace('failureCondition: len(result) > 0 && result[0] > 0.05', metric);
    const rows: [string, string, string[]][] = [
      ['interval: 30s\n    count: 5', '[2m]', []],
      ['interval: 30s\n    count: 5', '[5m]', ['window-too-long']],
      ['interval: 30s\n    count: 5\n    initialDelay: 3m', '[5m]', []],
      ['interval: 30s', '[1h]', []],
      ['count: 1', '[1h]', []],
    ];
    for (const [times, window, rules] of rows) {
      const text = base.replace('interval: 30s\n    count: 5', times).replace('[1m]', window);
      assert.deepEqual(
        (await rulesIn(text)).map((each) => each.split(':')[0]),
        rules,
        `${times} ${window}`,
      );
    }
  });
});
