import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { servePages, textPage } from '../../../src/control/health.ts';
import { createLog, redactText } from '../../../src/control/log.ts';
import { Metrics } from '../../../src/control/metrics.ts';
import { objectGauges } from '../../../src/control/object-metrics.ts';
import { WorkQueue } from '../../../src/control/queue.ts';
import type { KubeObject, ResourceType } from '../../../src/kube/api.ts';
import { ANALYSIS_RUN, ROLLOUT } from '../../../src/kube/kinds.ts';
import { MemoryStore } from '../../../src/kube/memory-store.ts';
import { FakeClock } from '../../kube/fake-clock.ts';

const newMetrics = (clock = new FakeClock()): Metrics =>
  new Metrics({ clock, build: { version: '1.2.3', commit: 'abc' }, processMetrics: false });

const lines = async (metrics: Metrics, start: string): Promise<string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(start));

const rollout = (name: string, status: object, spec: object = {}): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name, namespace: 'ns', uid: name, resourceVersion: '1' },
  spec: { replicas: 5, strategy: { canary: { trafficRouting: { nginx: {} } } }, ...spec },
  status,
});

describe('metrics', () => {
  it('have the names, labels and buckets of spec 08', async () => {
    const metrics = newMetrics();
    metrics.reconciled('Rollouts', 'ns/web', 0.2, true);
    metrics.reconciled('AnalysisRuns', 'ns/run', 0.001, false);
    metrics.event(rollout('web', {}), { type: 'Warning', reason: 'RolloutAborted', message: 'x' });
    metrics.request({
      kind: 'rollouts',
      namespace: 'ns',
      name: 'web',
      verb: 'Patch',
      statusCode: '200',
      durationMs: 1,
    });
    metrics.finished({ status: 'Promoted', seconds: 61, pausedSeconds: 50 });
    const text = await metrics.text();
    for (const line of [
      'rollout_reconcile_bucket{le="0.01",namespace="ns",name="web"} 0',
      'rollout_reconcile_bucket{le="0.25",namespace="ns",name="web"} 1',
      'rollout_reconcile_error{namespace="ns",name="web"} 1',
      'analysis_run_reconcile_count{namespace="ns",name="run"} 1',
      'rollout_events_total{namespace="ns",name="web",type="Warning",reason="RolloutAborted"} 1',
      'controller_clientset_k8s_request_total{kind="rollouts",namespace="ns",name="web",verb="Patch",status_code="200"} 1',
      'rollout_duration_seconds_bucket{le="60",status="Promoted"} 0',
      'rollout_duration_seconds_bucket{le="120",status="Promoted"} 1',
      'rollout_progression_duration_seconds_sum{status="Promoted"} 11',
      'rollout_manual_pause_duration_seconds_sum{status="Promoted"} 50',
      'argo_rollouts_controller_info{version="1.2.3"} 1',
    ]) {
      assert.ok(text.includes(line), line);
    }
    assert.match(
      text,
      /build_info\{version="1\.2\.3",goversion="node v\d+\.\d+\.\d+",goarch="\w+",commit="abc"\} 1/,
    );
    assert.doesNotMatch(text, /rollout_reconcile_bucket\{le="(?!0\.01|0\.15|0\.25|0\.5|1"|\+Inf)/);
  });

  it('tell of the queues', async () => {
    const clock = new FakeClock();
    const metrics = newMetrics(clock);
    const queue: WorkQueue = new WorkQueue({ clock, observer: metrics.queue('Rollouts', () => queue) });
    queue.add('a');
    queue.add('b');
    await queue.get();
    await clock.advance(3_000);
    const text = await metrics.text();
    assert.ok(text.includes('workqueue_depth{name="Rollouts"} 1'));
    assert.ok(text.includes('workqueue_adds_total{name="Rollouts"} 2'));
    assert.ok(text.includes('workqueue_unfinished_work_seconds{name="Rollouts"} 3'));
    assert.ok(text.includes('workqueue_longest_running_processor_seconds{name="Rollouts"} 3'));
  });

  it('forget an object 65 s after it is gone, and nothing else', async () => {
    const clock = new FakeClock();
    const metrics = newMetrics(clock);
    for (const name of ['web', 'other']) {
      metrics.reconciled('Rollouts', `ns/${name}`, 0.2, true);
      metrics.event(rollout(name, {}), { type: 'Normal', reason: 'RolloutUpdated', message: 'x' });
    }
    metrics.gone('Rollouts', 'ns/web');
    await clock.advance(64_000);
    assert.equal((await lines(metrics, 'rollout_reconcile_error{')).length, 2);
    await clock.advance(2_000);
    await clock.settle();
    for (const start of ['rollout_reconcile_error{', 'rollout_reconcile_count{', 'rollout_events_total{']) {
      const left = await lines(metrics, start);
      assert.equal(left.length, 1, start);
      assert.match(left[0] ?? '', /name="other"/);
    }
  });

  it('stay bounded, whatever is asked for', async () => {
    const metrics = newMetrics();
    for (let i = 0; i < 10_050; i += 1) {
      const name = `rs-${i}`;
      metrics.request({
        kind: 'replicasets',
        namespace: 'ns',
        name,
        verb: 'Get',
        statusCode: '200',
        durationMs: 1,
      });
    }
    const left = await lines(metrics, 'controller_clientset_k8s_request_total{');
    assert.equal(left.length, 10_000);
    assert.match(left[0] ?? '', /rs-50"/);
  });

  it('describe objects as they are at the scrape', async () => {
    const metrics = newMetrics();
    const stores = new Map<string, MemoryStore>([
      ['rollouts', new MemoryStore(ROLLOUT)],
      ['analysisruns', new MemoryStore(ANALYSIS_RUN)],
    ]);
    metrics.collectFrom(
      objectGauges({
        of(type: ResourceType) {
          const store = stores.get(type.plural);
          if (store === undefined) throw new Error('not watched');
          return store;
        },
      }),
    );
    assert.deepEqual(await lines(metrics, 'rollout_info{'), []);
    stores.get('rollouts')?.apply(
      rollout('web', {
        replicas: 5,
        availableReplicas: 3,
        updatedReplicas: 2,
        conditions: [{ type: 'Progressing', status: 'Unknown', reason: 'RolloutPaused' }],
      }),
    );
    stores
      .get('rollouts')
      ?.apply(rollout('odd', { conditions: 'nonsense', replicas: 'x' }, { strategy: null }));
    stores.get('analysisruns')?.apply({
      ...rollout('run', { phase: 'Failed' }),
      kind: 'AnalysisRun',
      spec: { metrics: [{ name: 'errors', provider: { prometheus: {} } }] },
    });
    const text = await metrics.text();
    for (const line of [
      'rollout_info{namespace="ns",name="web",strategy="canary",traffic_router="Nginx",phase="Paused"} 1',
      'rollout_info_replicas_unavailable{namespace="ns",name="web"} 2',
      'rollout_info_replicas_desired{namespace="ns",name="web"} 5',
      'rollout_phase{namespace="ns",name="web",strategy="canary",phase="Paused"} 1',
      'rollout_phase{namespace="ns",name="web",strategy="canary",phase="Completed"} 0',
      'analysis_run_info{namespace="ns",name="run",phase="Failed"} 1',
      'analysis_run_metric_type{namespace="ns",name="run",metric="errors",type="Prometheus"} 1',
    ]) {
      assert.ok(text.includes(line), `${line}\n${text}`);
    }
    stores.get('rollouts')?.forget('ns/web', 'web');
    assert.equal((await lines(metrics, 'rollout_info{')).filter((line) => line.includes('"web"')).length, 0);
  });
});

describe('the ports', () => {
  it('answer by exact path, to GET and HEAD only', async () => {
    const endpoint = await servePages(
      {
        '/healthz': () => textPage(200, 'ok'),
        '/broken': () => {
          throw new Error('secret detail');
        },
      },
      { host: '127.0.0.1', port: 0, what: 'healthz' },
    );
    try {
      const at = async (path: string, init?: RequestInit): Promise<[number, string]> => {
        const answer = await fetch(`http://127.0.0.1:${endpoint.port}${path}`, init);
        return [answer.status, await answer.text()];
      };
      assert.deepEqual(await at('/healthz'), [200, 'ok']);
      assert.deepEqual(await at('/healthz?verbose'), [200, 'ok']);
      assert.deepEqual(await at('/healthz', { method: 'HEAD' }), [200, '']);
      assert.equal((await at('/healthz', { method: 'POST', body: 'x' }))[0], 405);
      assert.equal((await at('/toString'))[0], 404);
      assert.deepEqual(await at('/broken'), [500, 'internal error\n']);
      await assert.rejects(
        servePages({}, { host: '127.0.0.1', port: endpoint.port, what: 'metrics' }),
        /port \d+ for metrics can't be opened: it is in use/,
      );
    } finally {
      await endpoint.close();
    }
  });
});

const logged = (
  format: 'json' | 'text',
  fields: Record<string, unknown>,
  message = 'it happened',
): string => {
  let out = '';
  const log = createLog({ format, now: () => Date.UTC(2026, 0, 1), write: (line) => (out += line) });
  log.child({ controller: 'Rollouts' }).info(fields, message);
  return out;
};

describe('the log', () => {
  it('is JSON, or text that can be read', () => {
    assert.deepEqual(JSON.parse(logged('json', { key: 'ns/a' })), {
      level: 'info',
      time: '2026-01-01T00:00:00.000Z',
      controller: 'Rollouts',
      key: 'ns/a',
      msg: 'it happened',
    });
    assert.equal(
      logged('text', { key: 'ns/a', error: new Error('no "luck"\nat all'), n: { a: 1 } }),
      'time=2026-01-01T00:00:00.000Z level=info msg="it happened" controller=Rollouts key=ns/a n="{\\"a\\":1}" error="no \\"luck\\"\\nat all"\n',
    );
  });

  it('gives no secret away, wherever it stands', () => {
    const secret = 'hunter2-very-secret';
    const text = logged(
      'json',
      {
        token: secret,
        headers: { Authorization: `Bearer ${secret}` },
        nested: [{ deep: { password: secret, sshPrivateKey: secret } }],
        url: `https://user:${secret}@git.example/x`,
        object: { kind: 'Secret', data: { a: secret }, stringData: { b: secret } },
        error: new Error(`401 for Bearer ${secret}`, { cause: new Error(`https://u:${secret}@h/`) }),
        secretName: 'kept',
      },
      `sent Authorization: Bearer ${secret}`,
    );
    assert.ok(!text.includes(secret), text);
    assert.ok(text.includes('"secretName":"kept"'));
    assert.equal(redactText('plain text stays'), 'plain text stays');
  });

  it('stays short and survives odd values', () => {
    const loop: Record<string, unknown> = {
      big: 'x'.repeat(100_000),
      list: Array.from({ length: 1_000 }, () => 1),
      n: 10n,
    };
    loop['self'] = loop;
    const text = logged('json', loop);
    assert.ok(text.length < 60_000, `${text.length}`);
    JSON.parse(text);
  });
});
