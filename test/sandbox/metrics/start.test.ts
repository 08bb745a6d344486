import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from '../../../src/kube/clock.ts';
import { startMetrics } from '../../../src/sandbox/metrics/index.ts';
import { PrometheusUnavailable } from '../../../src/sandbox/metrics/prometheus.ts';
import { Registry } from '../../../src/sandbox/metrics/registry.ts';
import { SeriesStore } from '../../../src/sandbox/metrics/series.ts';
import { httpDiscovery, labelName, podTargets } from '../../../src/sandbox/metrics/targets.ts';

const options = (proxy = new Registry()) => ({
  host: '127.0.0.1',
  port: 0,
  clock: systemClock,
  proxy,
  pods: () => [],
  directory: '/nonexistent',
});

async function withoutPath<T>(work: () => Promise<T>): Promise<T> {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nonexistent';
  try {
    return await work();
  } finally {
    process.env['PATH'] = path;
  }
}

describe('metrics of the sandbox', () => {
  it('answers queries about the proxy by itself, by GET and by form', async () => {
    const proxy = new Registry();
    proxy.counter('nginx_ingress_controller_requests', 'Requests.')({ service: 'web', status: '200' }, 7);
    const metrics = await startMetrics({ ...options(proxy), mode: 'builtin' });
    try {
      const query = 'sum(nginx_ingress_controller_requests{service="web"})';
      const value = async (init?: RequestInit): Promise<unknown> => {
        const get = init === undefined ? `?query=${encodeURIComponent(query)}` : '';
        const answer = (await (await fetch(`${metrics.url}/api/v1/query${get}`, init)).json()) as {
          data: { result: { value: [number, string] }[] };
        };
        return answer.data.result[0]?.value[1];
      };
      while ((await value()) === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(await value(), '7');
      assert.equal(await value({ method: 'POST', body: new URLSearchParams({ query }) }), '7');
      const large = await fetch(`${metrics.url}/api/v1/query`, { method: 'POST', body: 'x'.repeat(70_000) });
      assert.equal(large.status, 413);
      assert.match(
        await (await fetch(`${metrics.url}/metrics`)).text(),
        /nginx_ingress_controller_requests\{.*\} 7/,
      );
    } finally {
      await metrics.close();
    }
  });

  it('falls back when there is no Prometheus, and says so; demanded, it is an error', async () => {
    const { mkdtemp, rm } = await import('node:fs/promises');
    const directory = await mkdtemp('/tmp/sluice-metrics-');
    try {
      const metrics = await withoutPath(() => startMetrics({ ...options(), directory, mode: 'auto' }));
      assert.deepEqual([metrics.kind, metrics.note], ['builtin', 'there is no prometheus on the PATH']);
      await metrics.close();
      await assert.rejects(
        withoutPath(() => startMetrics({ ...options(), directory, mode: 'real' })),
        (error: unknown) => error instanceof PrometheusUnavailable && error.missing,
      );
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('labels pods as a Prometheus that maps pod labels would', () => {
    const [target] = podTargets([
      {
        pod: {
          apiVersion: 'v1',
          kind: 'Pod',
          metadata: { name: 'web-1', namespace: 'shop', labels: { 'app.kubernetes.io/name': 'web' } },
        },
        instance: '127.9.0.1:8080',
        socket: { host: '127.9.0.1', port: 8080 },
        registry: new Registry(),
      },
    ]);
    assert.ok(target !== undefined);
    assert.deepEqual(httpDiscovery([target]), [
      {
        targets: ['127.9.0.1:8080'],
        labels: {
          app_kubernetes_io_name: 'web',
          job: 'pods',
          instance: '127.9.0.1:8080',
          namespace: 'shop',
          pod: 'web-1',
        },
      },
    ]);
    assert.equal(labelName('9-lives'), '_9_lives');
  });

  it('forgets the series of pods that are long gone', () => {
    const store = new SeriesStore();
    const hour = 60 * 60 * 1000;
    store.append(hour, [{ name: 'x', labels: {}, value: 1 }], { pod: 'old' });
    store.append(hour + 1000, [], { pod: 'old' });
    store.append(hour + 2000, [{ name: 'x', labels: {}, value: 1 }], { pod: 'new' });
    assert.equal(store.size, 2);
    store.append(2 * hour + 62_000, [{ name: 'x', labels: {}, value: 2 }], { pod: 'new' });
    assert.deepEqual(
      store.select([{ name: '__name__', op: '=', value: 'x' }]).map(({ labels }) => labels['pod']),
      ['new'],
    );
    assert.equal(store.size, 1);
  });

  it('lets a target keep its own labels apart from those of its series', () => {
    const store = new SeriesStore();
    store.append(1000, [{ name: 'x', labels: { version: 'inner' }, value: 1 }], {
      version: 'outer',
      job: 'pods',
    });
    assert.deepEqual(
      store.select([]).map(({ labels }) => labels),
      [{ __name__: 'x', version: 'outer', exported_version: 'inner', job: 'pods' }],
    );
  });
});
