import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PrometheusMetric } from '../../src/api/metric-provider.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { judge } from '../../src/plan/analysis/judge.ts';
import { createHttpClient } from '../../src/providers/http/client.ts';
import { createPrometheusProvider } from '../../src/providers/prometheus/index.ts';
import { serve } from './server.ts';
import type { TestServer } from './server.ts';

const installed = spawnSync('prometheus', ['--version']).error === undefined;
const skip = installed ? false : "needs Debian's prometheus on the PATH";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

const judged = (metric: object, answer: Parameters<typeof judge>[1]) =>
  judge({ name: 'm', ...metric }, answer, { now: Date.now(), mode: 'stock', dryRun: false });

describe('a real Prometheus with a real scrape', { skip }, () => {
  let target: TestServer;
  let child: ChildProcess;
  let dir: string;
  let address: string;
  let requests = 0;
  const provider = createPrometheusProvider({
    http: createHttpClient({ random: Math.random }),
    clock: systemClock,
    env: {},
  });

  const ask = (more: PrometheusMetric) =>
    provider.measure({
      metric: { name: 'm', provider: { prometheus: { address, ...more } } },
      run: { namespace: 'ns', name: 'r', uid: 'u' },
      taken: 0,
      signal: AbortSignal.timeout(30_000),
    });

  async function value(query: string) {
    const outcome = await ask({ query });
    return outcome.kind === 'value' ? outcome : assert.fail(JSON.stringify(outcome));
  }

  before(async () => {
    target = await serve((_, response) => {
      requests += 10;
      response.end(
        `http_requests_total{version="v1",code="200"} ${requests}\nhttp_requests_total{version="v2",code="200"} ${requests / 2}\n`,
      );
    });
    dir = await mkdtemp(join(tmpdir(), 'sluice-prometheus-'));
    const port = await freePort();
    address = `http://127.0.0.1:${port}`;
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [{ job_name: 'app', static_configs: [{ targets: [`127.0.0.1:${target.port}`] }] }],
    };
    await writeFile(join(dir, 'prometheus.yml'), JSON.stringify(config));
    child = spawn(
      'prometheus',
      [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'ignore' },
    );
    const deadline = Date.now() + 30_000;
    for (;;) {
      const outcome = await ask({ query: 'rate(http_requests_total[5s]) > 0', timeout: 2 });
      if (outcome.kind === 'value' && outcome.evidence?.series === 2) break;
      assert.ok(Date.now() < deadline, `no scrape in time: ${JSON.stringify(outcome)}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  });

  after(async () => {
    if (!installed) return;
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    await target[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  it('gives scalars, vectors and ranges', async () => {
    const scalar = await value('scalar(count(http_requests_total))');
    assert.deepEqual([scalar.value, scalar.result], ['2', { type: 'scalar', value: 2 }]);
    const vector = await value('sum by (version) (http_requests_total > bool 0)');
    assert.deepEqual(vector.result, { type: 'vector', value: [1, 1] });
    assert.equal(vector.value, '[1,1]');
    const range = await ask({
      query: 'vector(7)',
      rangeQuery: { start: 'now() - duration("10s")', end: 'now()', step: '5s' },
    });
    assert.equal(range.kind === 'value' ? range.value : '', '[7,7,7]');
  });

  it('has nothing, NaN and infinity where Prometheus has, and no gate passes on them', async () => {
    const empty = await value('sum(http_requests_total{version="v9"})');
    assert.deepEqual([empty.value, empty.evidence?.series], ['[]', 0]);
    assert.equal(judged({ successCondition: 'all(result, # < 1)' }, empty).phase, 'Inconclusive');
    assert.equal(judged({ successCondition: 'len(result) == 0' }, empty).phase, 'Successful');
    const nan = await value('vector(0) / vector(0)');
    assert.equal(nan.value, '[NaN]');
    assert.equal(judged({ failureCondition: 'result[0] > 0.05' }, nan).phase, 'Inconclusive');
    assert.equal((await value('vector(-1) / vector(0)')).value, '[-Inf]');
  });

  it('says what is wrong with a query', async () => {
    const outcome = await ask({ query: 'sum(' });
    assert.match(outcome.kind === 'error' ? outcome.message : '', /^bad_data: .*parse error/);
  });

  it('is told of an address that is not Prometheus', async () => {
    const outcome = await ask({ address: `${address}/nowhere`, query: 'up' });
    assert.match(outcome.kind === 'error' ? outcome.message : '', /^client_error: client error: 404/);
  });
});
