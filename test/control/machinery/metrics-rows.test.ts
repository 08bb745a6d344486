/** Spec 08 section 5 row by row: name, type, labels and buckets of what `/metrics` says. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Metrics } from '../../../src/control/metrics.ts';
import { objectGauges } from '../../../src/control/object-metrics.ts';
import type { KubeObject, ResourceType } from '../../../src/kube/api.ts';
import {
  ANALYSIS_RUN,
  ANALYSIS_TEMPLATE,
  CLUSTER_ANALYSIS_TEMPLATE,
  ROLLOUT,
} from '../../../src/kube/kinds.ts';
import { MemoryStore } from '../../../src/kube/memory-store.ts';
import { FakeClock } from '../../kube/fake-clock.ts';

const object = (type: ResourceType, more: Record<string, unknown>): KubeObject =>
  ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: type.kind,
    metadata: {
      name: 'x',
      ...(type.namespaced ? { namespace: 'ns' } : {}),
      uid: type.kind,
      resourceVersion: '1',
    },
    ...more,
  }) as KubeObject;

function scrape(): Promise<string> {
  const metrics = new Metrics({
    clock: new FakeClock(),
    build: { version: '1', commit: 'c' },
    processMetrics: false,
  });
  const metric = [{ name: 'errors', provider: { prometheus: {} } }];
  const stores = new Map(
    [
      object(ROLLOUT, { spec: { strategy: { blueGreen: {} } }, status: {} }),
      object(ANALYSIS_RUN, {
        spec: { metrics: metric },
        status: { phase: 'Running', metricResults: [{ name: 'errors', phase: 'Running' }] },
      }),
      object(ANALYSIS_TEMPLATE, { spec: { metrics: metric } }),
      object(CLUSTER_ANALYSIS_TEMPLATE, { spec: { metrics: metric } }),
    ].map((item, i) => {
      const type = [ROLLOUT, ANALYSIS_RUN, ANALYSIS_TEMPLATE, CLUSTER_ANALYSIS_TEMPLATE][i] as ResourceType;
      const store = new MemoryStore(type);
      store.apply(item);
      return [type.plural, store] as const;
    }),
  );
  metrics.collectFrom(
    objectGauges({
      of(type: ResourceType) {
        const store = stores.get(type.plural);
        if (store === undefined) throw new Error('not watched');
        return store;
      },
    }),
  );
  metrics.reconciled('Rollouts', 'ns/x', 0.2, true);
  metrics.reconciled('AnalysisRuns', 'ns/x', 0.2, true);
  metrics.event(object(ROLLOUT, {}), { type: 'Normal', reason: 'RolloutUpdated', message: 'x' });
  metrics.finished({ status: 'Superseded', seconds: 61, pausedSeconds: 50 });
  const request = {
    kind: 'rollouts',
    namespace: 'ns',
    name: 'x',
    verb: 'Patch' as const,
    statusCode: '200',
    durationMs: 1,
  };
  metrics.request(request);
  return metrics.text();
}

const MINUTES = [30, 60, 120, 300, 600];
const HOURS = [1200, 1800, 3600, 7200, 14400, 28800];
const PASS = [0.01, 0.15, 0.25, 0.5, 1];

/** Name, type, labels in any order, buckets. */
const ROWS: readonly [string, 'gauge' | 'counter' | 'histogram', string, number[]?][] = [
  ['rollout_info', 'gauge', 'namespace name strategy traffic_router phase'],
  ['rollout_info_replicas_available', 'gauge', 'namespace name'],
  ['rollout_info_replicas_unavailable', 'gauge', 'namespace name'],
  ['rollout_info_replicas_desired', 'gauge', 'namespace name'],
  ['rollout_info_replicas_updated', 'gauge', 'namespace name'],
  ['rollout_phase', 'gauge', 'namespace name strategy phase'],
  ['rollout_reconcile', 'histogram', 'namespace name', PASS],
  ['rollout_reconcile_error', 'counter', 'namespace name'],
  ['rollout_events_total', 'counter', 'namespace name type reason'],
  ['rollout_duration_seconds', 'histogram', 'status', [...MINUTES, ...HOURS]],
  ['rollout_progression_duration_seconds', 'histogram', 'status', [...MINUTES, 900, 1800, 3600]],
  [
    'rollout_manual_pause_duration_seconds',
    'histogram',
    'status',
    [0, 60, 300, 600, 1800, 3600, 7200, 14400, 28800],
  ],
  ['analysis_run_info', 'gauge', 'namespace name phase'],
  ['analysis_run_phase', 'gauge', 'namespace name phase'],
  ['analysis_run_metric_type', 'gauge', 'namespace name metric type'],
  ['analysis_run_metric_phase', 'gauge', 'namespace name metric type dry_run phase'],
  ['analysis_run_reconcile', 'histogram', 'namespace name', PASS],
  ['analysis_run_reconcile_error', 'counter', 'namespace name'],
  ['analysis_template_info', 'gauge', 'namespace name'],
  ['analysis_template_metric_info', 'gauge', 'namespace name type metric'],
  ['experiment_reconcile', 'histogram', ''],
  ['experiment_reconcile_error', 'counter', ''],
  ['controller_clientset_k8s_request_total', 'counter', 'kind namespace name verb status_code'],
  ['argo_rollouts_controller_info', 'gauge', 'version'],
  ['build_info', 'gauge', 'version goversion goarch commit'],
];

describe('metrics of spec 08 section 5', () => {
  for (const [name, type, labels, buckets] of ROWS)
    it(name, async () => {
      const text = (await scrape()).split('\n');
      assert.ok(
        text.includes(`# TYPE ${name} ${type}`),
        text.filter((line) => line.includes(name)).join('\n'),
      );
      if (labels === '') return; // nothing of this kind here
      const series = type === 'histogram' ? `${name}_count` : name;
      const line = text.find((item) => item.startsWith(`${series}{`)) ?? '';
      const found = [...line.matchAll(/(\w+)="/g)].map(([, label]) => label ?? '');
      assert.deepEqual(found.toSorted(), labels.split(' ').toSorted());
      if (buckets === undefined) return;
      const bounds = text
        .filter((item) => item.startsWith(`${name}_bucket{`))
        .map((item) => /le="([^"]+)"/.exec(item)?.[1] ?? '');
      assert.deepEqual(bounds, [...buckets.map(String), '+Inf']);
    });

  it('each phase of a kind has its series, and cluster templates no namespace', async () => {
    const text = await scrape();
    const phasesOf = (name: string): string[] =>
      [...text.matchAll(new RegExp(`^${name}\\{.*phase="(\\w+)"`, 'gm'))]
        .map(([, phase]) => phase ?? '')
        .toSorted();
    assert.deepEqual(phasesOf('rollout_phase'), [
      'Abort',
      'Completed',
      'Error',
      'Paused',
      'Progressing',
      'Timeout',
    ]);
    assert.deepEqual(phasesOf('analysis_run_phase'), [
      'Error',
      'Failed',
      'Inconclusive',
      'Pending',
      'Running',
      'Successful',
    ]);
    assert.match(text, /^analysis_template_info\{namespace="",name="x"\} 1$/m);
    assert.match(text, /^rollout_info\{.*strategy="blueGreen",traffic_router="",phase="Progressing"\} 1$/m);
  });
});
