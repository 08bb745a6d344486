/** Health as Argo CD judges it: a table of objects. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/lang/json.ts';
import { applicationHealth, resourceHealth } from '../../../src/plan/sync/health/index.ts';
import { identityOf } from '../../../src/plan/sync/identity.ts';

const object = (apiVersion: string, kind: string, rest: JsonObject = {}): JsonObject => ({
  apiVersion,
  kind,
  ...rest,
  metadata: { name: 'x', namespace: 'n', generation: 2, ...(rest['metadata'] as JsonObject | undefined) },
});
const deployment = (spec: JsonObject, status: JsonObject): JsonObject =>
  object('apps/v1', 'Deployment', { spec, status: { observedGeneration: 2, ...status } });
const condition = (type: string, status: string, reason = '', message = ''): JsonObject => ({
  conditions: [{ type, status, reason, message }],
});
const rollout = (status: JsonObject, more: JsonObject = {}): JsonObject =>
  object('argoproj.io/v1alpha1', 'Rollout', { spec: {}, status, ...more });
const full = { replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

const rows: [string, JsonObject, string | undefined][] = [
  ['deployment: done', deployment({ replicas: 2 }, full), 'Healthy'],
  ['deployment: paused', deployment({ paused: true }, {}), 'Suspended: Deployment is paused'],
  [
    'deployment: not observed',
    object('apps/v1', 'Deployment', { status: { observedGeneration: 1 } }),
    'Progressing: Waiting for rollout to finish: observed deployment generation less than desired generation',
  ],
  [
    'deployment: updating',
    deployment({ replicas: 2 }, { ...full, updatedReplicas: 1 }),
    'Progressing: Waiting for rollout to finish: 1 out of 2 new replicas have been updated...',
  ],
  [
    'deployment: old ones',
    deployment({ replicas: 2 }, { ...full, replicas: 3 }),
    'Progressing: Waiting for rollout to finish: 1 old replicas are pending termination...',
  ],
  [
    'deployment: not available',
    deployment({ replicas: 2 }, { ...full, availableReplicas: 1 }),
    'Progressing: Waiting for rollout to finish: 1 of 2 updated replicas are available...',
  ],
  [
    'deployment: deadline',
    deployment({}, condition('Progressing', 'False', 'ProgressDeadlineExceeded')),
    'Degraded: Deployment "x" exceeded its progress deadline',
  ],
  [
    'replica set: done',
    object('apps/v1', 'ReplicaSet', {
      spec: { replicas: 1 },
      status: { observedGeneration: 2, availableReplicas: 1 },
    }),
    'Healthy',
  ],
  [
    'replica set: failing',
    object('apps/v1', 'ReplicaSet', {
      status: { observedGeneration: 2, ...condition('ReplicaFailure', 'True', '', 'quota') },
    }),
    'Degraded: quota',
  ],
  [
    'stateful set: waiting',
    object('apps/v1', 'StatefulSet', {
      spec: { replicas: 3 },
      status: { observedGeneration: 2, readyReplicas: 1 },
    }),
    'Progressing: Waiting for 2 pods to be ready...',
  ],
  [
    'stateful set: rolling',
    object('apps/v1', 'StatefulSet', {
      spec: { replicas: 1 },
      status: { observedGeneration: 2, readyReplicas: 1, updateRevision: 'b', currentRevision: 'a' },
    }),
    'Progressing: waiting for statefulset rolling update to complete 0 pods at revision b...',
  ],
  [
    'stateful set: done',
    object('apps/v1', 'StatefulSet', {
      spec: { replicas: 1 },
      status: { observedGeneration: 2, readyReplicas: 1, updateRevision: 'b', currentRevision: 'b' },
    }),
    'Healthy',
  ],
  [
    'stateful set: partition',
    object('apps/v1', 'StatefulSet', {
      spec: { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
      status: { observedGeneration: 2, readyReplicas: 3 },
    }),
    'Progressing: Waiting for partitioned roll out to finish: 0 out of 1 new pods have been updated...',
  ],
  [
    'daemon set: done',
    object('apps/v1', 'DaemonSet', {
      status: {
        observedGeneration: 2,
        desiredNumberScheduled: 1,
        updatedNumberScheduled: 1,
        numberAvailable: 1,
      },
    }),
    'Healthy',
  ],
  [
    'daemon set: waiting',
    object('apps/v1', 'DaemonSet', {
      status: {
        observedGeneration: 2,
        desiredNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberAvailable: 1,
      },
    }),
    'Progressing: Waiting for rollout to finish: 1 of 2 updated pods are available...',
  ],
  [
    'pod: ready',
    object('v1', 'Pod', { status: { phase: 'Running', ...condition('Ready', 'True') } }),
    'Healthy',
  ],
  [
    'pod: bad image',
    object('v1', 'Pod', {
      status: {
        phase: 'Pending',
        containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } } }],
      },
    }),
    'Degraded: no such image',
  ],
  [
    'pod: failed',
    object('v1', 'Pod', { status: { phase: 'Failed', message: 'evicted' } }),
    'Degraded: evicted',
  ],
  ['pod: starting', object('v1', 'Pod', { status: { phase: 'Pending' } }), 'Progressing'],
  ['job: done', object('batch/v1', 'Job', { status: condition('Complete', 'True') }), 'Healthy'],
  [
    'job: failed',
    object('batch/v1', 'Job', { status: condition('Failed', 'True', '', 'backoff') }),
    'Degraded: backoff',
  ],
  ['job: running', object('batch/v1', 'Job'), 'Progressing: Waiting for job to complete'],
  ['job: suspended', object('batch/v1', 'Job', { status: condition('Suspended', 'True') }), 'Suspended'],
  ['service', object('v1', 'Service', { spec: {} }), 'Healthy'],
  [
    'service: load balancer without address',
    object('v1', 'Service', { spec: { type: 'LoadBalancer' } }),
    'Progressing: Waiting for the load balancer to get an address',
  ],
  [
    'service: load balancer',
    object('v1', 'Service', {
      spec: { type: 'LoadBalancer' },
      status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
    }),
    'Healthy',
  ],
  [
    'ingress',
    object('networking.k8s.io/v1', 'Ingress', { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } }),
    'Healthy',
  ],
  ['claim: lost', object('v1', 'PersistentVolumeClaim', { status: { phase: 'Lost' } }), 'Degraded'],
  ['claim: bound', object('v1', 'PersistentVolumeClaim', { status: { phase: 'Bound' } }), 'Healthy'],
  [
    'autoscaler: no metrics',
    object('autoscaling/v2', 'HorizontalPodAutoscaler', {
      status: condition('ScalingActive', 'False', 'FailedGetResourceMetric', 'none'),
    }),
    'Degraded: none',
  ],
  [
    'autoscaler: able',
    object('autoscaling/v2', 'HorizontalPodAutoscaler', {
      status: condition('AbleToScale', 'True', '', 'ready'),
    }),
    'Healthy: ready',
  ],
  [
    'API service',
    object('apiregistration.k8s.io/v1', 'APIService', {
      status: condition('Available', 'False', 'Missing', 'no endpoints'),
    }),
    'Progressing: Missing: no endpoints',
  ],
  [
    'CRD',
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
      status: condition('Established', 'True'),
    }),
    'Healthy',
  ],
  ['rollout: observed as text', rollout({ observedGeneration: '2', phase: 'Healthy' }), 'Healthy'],
  [
    'rollout: observed as number',
    rollout({ observedGeneration: 2, phase: 'Degraded', message: 'RolloutAborted: x' }),
    'Degraded: RolloutAborted: x',
  ],
  ['rollout: a legacy controller', rollout({ phase: 'Healthy' }), 'Healthy'],
  [
    'rollout: not observed',
    rollout({ observedGeneration: '1', phase: 'Healthy' }),
    'Progressing: Waiting for rollout spec update to be observed',
  ],
  [
    'rollout: paused',
    rollout({ observedGeneration: '2', phase: 'Paused', message: 'CanaryPauseStep' }),
    'Suspended: CanaryPauseStep',
  ],
  ['rollout: no status', rollout({}), 'Progressing: Waiting for the rollout to be observed'],
  [
    'rollout: workload not observed',
    rollout(
      { observedGeneration: '2', phase: 'Healthy', workloadObservedGeneration: '1' },
      {
        spec: { workloadRef: {} },
        metadata: { annotations: { 'rollout.argoproj.io/workload-generation': '2' } },
      },
    ),
    'Progressing: Waiting for rollout spec update to be observed for the reference workload',
  ],
  [
    'rollout: workload observed',
    rollout(
      { observedGeneration: '2', phase: 'Healthy', workloadObservedGeneration: '2' },
      {
        spec: { workloadRef: {} },
        metadata: { annotations: { 'rollout.argoproj.io/workload-generation': '2' } },
      },
    ),
    'Healthy',
  ],
  ...(
    [
      ['Pending', 'Progressing'],
      ['Running', 'Progressing'],
      ['Successful', 'Healthy'],
      ['Failed', 'Degraded'],
      ['Error', 'Degraded'],
      ['Inconclusive', 'Unknown'],
    ] as const
  ).map(([phase, code]): [string, JsonObject, string] => [
    `analysis run: ${phase}`,
    object('argoproj.io/v1alpha1', 'AnalysisRun', { status: { phase } }),
    code,
  ]),
  ['a ConfigMap', object('v1', 'ConfigMap'), undefined],
  [
    'a custom resource without conditions',
    object('example.com/v1', 'Widget', { status: { phase: 'Broken' } }),
    undefined,
  ],
  [
    'a custom resource that is ready',
    object('example.com/v1', 'Widget', { status: condition('Ready', 'True') }),
    'Healthy',
  ],
  [
    'a custom resource that is not',
    object('example.com/v1', 'Widget', { status: condition('Ready', 'False', '', 'wait') }),
    'Progressing: wait',
  ],
  [
    'a custom resource that stalls',
    object('example.com/v1', 'Widget', { status: condition('Stalled', 'True', '', 'stuck') }),
    'Degraded: stuck',
  ],
  [
    'a custom resource that is behind',
    object('example.com/v1', 'Widget', { status: { observedGeneration: 1, ...condition('Ready', 'True') } }),
    'Progressing: Waiting for the spec to be observed',
  ],
  [
    'anything that is being deleted',
    object('v1', 'ConfigMap', { metadata: { deletionTimestamp: 'x' } }),
    'Progressing: Pending deletion',
  ],
];

describe('health of a resource', () => {
  for (const [name, live, want] of rows) {
    it(name, () => {
      const got = resourceHealth(live);
      assert.equal(
        got === undefined
          ? undefined
          : [got.status, ...(got.message === undefined ? [] : [got.message])].join(': '),
        want,
      );
    });
  }
});

describe('health of an application', () => {
  const input = (live: JsonObject | undefined, manifest: JsonObject = object('v1', 'Pod')) => ({
    identity: identityOf(live ?? manifest),
    manifest,
    live,
  });
  const healthy = rollout({ phase: 'Healthy' });
  const paused = rollout({ phase: 'Paused' });
  const progressing = rollout({ phase: 'Progressing' });
  const degraded = rollout({ phase: 'Degraded', message: 'bad' });
  const unknown = object('argoproj.io/v1alpha1', 'AnalysisRun', { status: { phase: 'Inconclusive' } });
  it('is the worst of its resources', () => {
    const order = [healthy, paused, progressing, undefined, degraded, unknown];
    const codes = order.map(
      (_, i) => applicationHealth(order.slice(0, i + 1).map((live) => input(live))).status,
    );
    assert.deepEqual(codes, ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown']);
    assert.equal(applicationHealth([]).status, 'Healthy');
  });
  it('says which one and why', () => {
    assert.equal(applicationHealth([input(healthy), input(degraded)]).message, 'Rollout n/x: bad');
    assert.equal(applicationHealth([input(undefined)]).message, 'Pod n/x is missing');
  });
  it('leaves out what says so', () => {
    const manifest = object('v1', 'Pod', {
      metadata: { annotations: { 'argocd.argoproj.io/ignore-healthcheck': 'true' } },
    });
    assert.equal(applicationHealth([input(degraded, manifest)]).status, 'Healthy');
  });
});
