/**
 * Objects as an old CRD, another controller or a hand-written status may leave them: whatever the store holds, a plan
 * comes out, of JSON, and the same one again.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applicationSchema } from '../../src/api/application.ts';
import { decode } from '../../src/api/decode.ts';
import type { Stores } from '../../src/control/controller.ts';
import { gatherAnalysisRun } from '../../src/control/analysis/gather.ts';
import { gatherRollout } from '../../src/control/rollout/gather.ts';
import type { KubeObject, ResourceType } from '../../src/kube/api.ts';
import { keyOf } from '../../src/kube/api.ts';
import { ANALYSIS_RUN, ANALYSIS_TEMPLATE, INGRESS, REPLICA_SET, SERVICE } from '../../src/kube/kinds.ts';
import type { Json, JsonObject } from '../../src/lang/json.ts';
import { deepFreeze, isObject } from '../../src/lang/json.ts';
import { applyMergePatch, createMergePatch } from '../../src/lang/patch/merge.ts';
import { planAnalysisRun } from '../../src/plan/analysis/plan.ts';
import { planRollout } from '../../src/plan/rollout/index.ts';
import { planSync } from '../../src/plan/sync/index.ts';
import type { Dice } from './mutate.ts';
import { fuzz, mutateJson, mutateText } from './mutate.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const TIME = '2026-01-01T11:59:00Z';
const meta = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  namespace: 'shop',
  uid: `uid-${name}`,
  resourceVersion: '7',
  generation: 3,
  creationTimestamp: TIME,
  ...more,
});
const ownedBy = {
  ownerReferences: [
    { apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', name: 'web', uid: 'uid-web', controller: true },
  ],
};
const template = (tag: string, hash?: string): JsonObject => ({
  metadata: { labels: { app: 'web', ...(hash === undefined ? {} : { 'rollouts-pod-template-hash': hash }) } },
  spec: {
    containers: [
      {
        name: 'app',
        image: `app:${tag}`,
        resources: { requests: { cpu: '100m', memory: '64Mi' } },
        ports: [{ containerPort: 80 }],
      },
    ],
  },
});

const STEPS: Json[] = [
  { setWeight: 20 },
  { pause: { duration: '1m' } },
  {
    analysis: {
      templates: [{ templateName: 'errors' }],
      args: [{ name: 'hash', valueFrom: { podTemplateHashValue: 'Latest' } }],
    },
  },
  { setCanaryScale: { replicas: 2 } },
  { pause: {} },
];
const CONDITIONS: Json[] = [
  {
    type: 'Progressing',
    status: 'True',
    reason: 'ReplicaSetUpdated',
    message: 'm',
    lastUpdateTime: TIME,
    lastTransitionTime: TIME,
  },
  {
    type: 'Available',
    status: 'True',
    reason: 'AvailableReason',
    message: 'm',
    lastUpdateTime: TIME,
    lastTransitionTime: TIME,
  },
];

const rolloutOf = (strategy: JsonObject, status: JsonObject): JsonObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: meta('web', { annotations: { 'rollout.argoproj.io/revision': '2' } }),
  spec: {
    replicas: 5,
    selector: { matchLabels: { app: 'web' } },
    revisionHistoryLimit: 3,
    progressDeadlineSeconds: 300,
    rollbackWindow: { revisions: 2 },
    template: template('v2'),
    strategy,
  },
  status: {
    observedGeneration: '3',
    currentPodHash: 'new',
    stableRS: 'old',
    phase: 'Progressing',
    conditions: CONDITIONS,
    collisionCount: 1,
    ...status,
  },
});

const ROLLOUTS: readonly JsonObject[] = [
  rolloutOf(
    {
      canary: {
        steps: STEPS,
        maxSurge: '25%',
        maxUnavailable: 1,
        analysis: { templates: [{ templateName: 'errors' }], startingStep: 1 },
      },
    },
    {
      currentStepIndex: 2,
      currentStepHash: 'x',
      canary: { currentStepAnalysisRunStatus: { name: 'web-new-2-2', status: 'Running' } },
    },
  ),
  rolloutOf(
    {
      canary: {
        steps: STEPS,
        canaryService: 'web-canary',
        stableService: 'web-stable',
        trafficRouting: { nginx: { stableIngress: 'web' }, maxTrafficWeight: 100 },
        scaleDownDelaySeconds: 30,
        abortScaleDownDelaySeconds: 30,
        canaryMetadata: { labels: { role: 'canary' } },
        antiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} },
      },
    },
    {
      currentStepIndex: 1,
      pauseConditions: [{ reason: 'CanaryPauseStep', startTime: TIME }],
      controllerPause: true,
      canary: {
        weights: {
          canary: { weight: 20, podTemplateHash: 'new' },
          stable: { weight: 80, podTemplateHash: 'old' },
          verified: true,
        },
      },
    },
  ),
  rolloutOf(
    {
      blueGreen: {
        activeService: 'web-stable',
        previewService: 'web-canary',
        autoPromotionEnabled: false,
        autoPromotionSeconds: 30,
        previewReplicaCount: 1,
        scaleDownDelayRevisionLimit: 1,
        prePromotionAnalysis: { templates: [{ templateName: 'errors' }] },
      },
    },
    {
      blueGreen: { activeSelector: 'old', previewSelector: 'new', scaleUpPreviewCheckPoint: false },
      abort: true,
      abortedAt: TIME,
    },
  ),
];

const replicaSet = (hash: string, revision: string, tag: string, size: number): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: meta(`web-${hash}`, {
    ...ownedBy,
    labels: { app: 'web', 'rollouts-pod-template-hash': hash },
    annotations: { 'rollout.argoproj.io/revision': revision, 'rollout.argoproj.io/desired-replicas': '5' },
  }),
  spec: {
    replicas: size,
    selector: { matchLabels: { app: 'web', 'rollouts-pod-template-hash': hash } },
    template: template(tag, hash),
  },
  status: { replicas: size, readyReplicas: size, availableReplicas: size, observedGeneration: 1 },
});
const service = (name: string, hash: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: meta(name, { annotations: { 'argo-rollouts.argoproj.io/managed-by-rollouts': 'web' } }),
  spec: { ports: [{ port: 80 }], selector: { app: 'web', 'rollouts-pod-template-hash': hash } },
});
const METRIC: JsonObject = {
  name: 'errors',
  interval: '30s',
  count: 3,
  failureLimit: 1,
  successCondition: 'result[0] < 0.05',
  provider: { prometheus: { address: 'http://p', query: 'q{hash="{{args.hash}}"}' } },
};
const RUN: JsonObject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: meta('web-new-2-2', {
    ...ownedBy,
    labels: { 'rollouts-pod-template-hash': 'new', 'rollout-type': 'Step', 'step-index': '2' },
    annotations: { 'rollout.argoproj.io/revision': '2' },
  }),
  spec: {
    metrics: [METRIC],
    args: [{ name: 'hash', value: 'new' }],
    dryRun: [{ metricName: 'err.*' }],
    measurementRetention: [{ metricName: '.*', limit: 5 }],
    ttlStrategy: { secondsAfterCompletion: 60 },
  },
  status: {
    phase: 'Running',
    startedAt: TIME,
    metricResults: [
      {
        name: 'errors',
        phase: 'Running',
        count: 1,
        successful: 1,
        measurements: [
          { phase: 'Successful', startedAt: TIME, finishedAt: TIME, value: '[0.01]', metadata: { a: 'b' } },
        ],
      },
    ],
  },
};
const OTHERS: Readonly<Record<string, readonly JsonObject[]>> = {
  [REPLICA_SET.kind]: [
    replicaSet('old', '1', 'v1', 4),
    replicaSet('new', '2', 'v2', 1),
    replicaSet('older', '0', 'v0', 0),
  ],
  [SERVICE.kind]: [service('web-stable', 'old'), service('web-canary', 'new')],
  [INGRESS.kind]: [
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: meta('web'),
      spec: {
        ingressClassName: 'nginx',
        rules: [
          {
            host: 'h',
            http: {
              paths: [
                {
                  path: '/',
                  pathType: 'Prefix',
                  backend: { service: { name: 'web-stable', port: { number: 80 } } },
                },
              ],
            },
          },
        ],
      },
    },
  ],
  [ANALYSIS_RUN.kind]: [RUN],
  [ANALYSIS_TEMPLATE.kind]: [
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AnalysisTemplate',
      metadata: meta('errors'),
      spec: { metrics: [METRIC], args: [{ name: 'hash' }] },
    },
  ],
};

const CUSTOM: ReadonlySet<unknown> = new Set(['Rollout', 'AnalysisRun', 'AnalysisTemplate', 'Application']);

/**
 * Half of all objects. Names and owners stay, by which a store finds an object at all. What an API server knows the types
 * of gets odd values of the right type only.
 */
function damaged(object: JsonObject, d: Dice): KubeObject {
  if (d.below(2) > 0) return deepFreeze(structuredClone(object)) as unknown as KubeObject;
  const wounded = CUSTOM.has(object['kind']) ? mutateJson(object, d) : varied(object, d);
  const { name, namespace, uid, ownerReferences } = object['metadata'] as JsonObject;
  const metadata = isObject(wounded) && isObject(wounded['metadata']) ? wounded['metadata'] : {};
  return deepFreeze({
    ...(isObject(wounded) ? wounded : object),
    apiVersion: object['apiVersion'],
    kind: object['kind'],
    metadata: {
      ...metadata,
      name,
      namespace,
      uid,
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
  }) as unknown as KubeObject;
}

function varied(object: JsonObject, d: Dice): JsonObject {
  const texts = (map: Json | undefined): JsonObject =>
    Object.fromEntries(
      Object.entries(isObject(map) ? map : {})
        .filter(() => d.below(6) > 0)
        .map(([key, value]) => [
          key,
          d.below(3) === 0 ? mutateText(String(value), d).slice(0, 200) : (value ?? ''),
        ]),
    );
  const metadata = object['metadata'] as JsonObject;
  const copy: JsonObject = {
    ...object,
    metadata: { ...metadata, labels: texts(metadata['labels']), annotations: texts(metadata['annotations']) },
  };
  if (object['kind'] !== 'ReplicaSet') return copy;
  const size = (): number => d.below(8);
  return {
    ...copy,
    spec: { ...(object['spec'] as JsonObject), replicas: size() },
    status: d.pick<Json>([{}, { replicas: size(), readyReplicas: size(), availableReplicas: size() }]),
  };
}

function storesOf(d: Dice): Stores {
  const objects = new Map(
    Object.entries(OTHERS).map(([kind, list]) => [kind, list.map((object) => damaged(object, d))]),
  );
  const of = (type: ResourceType) => {
    const list = objects.get(type.kind) ?? [];
    return {
      get: (key: string) => list.find((object) => keyOf(object.metadata) === key),
      byIndex: (index: string, value: string) =>
        index === 'orphans'
          ? []
          : list.filter(
              ({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === value) === true,
            ),
      list: () => list,
    };
  };
  return { of } as unknown as Stores;
}

const isPlain = (value: unknown): boolean => {
  JSON.stringify(value);
  return true;
};

describe('fuzz: objects', () => {
  it('every Rollout gets a plan, the same one twice, whatever is beside it', () => {
    let planned = 0;
    fuzz(1_200, (d) => {
      const stores = storesOf(d);
      const rollout = damaged(d.pick(ROLLOUTS), d);
      const facts = { now: NOW, statusWrittenAt: d.pick([undefined, NOW - 10_000, NOW + 10_000]) };
      const plan = planRollout(gatherRollout(stores, rollout, facts));
      assert.ok(isPlain(plan));
      assert.deepEqual(planRollout(gatherRollout(stores, rollout, facts)), plan);
      assert.ok(
        plan.requeueAt === undefined || Number.isFinite(plan.requeueAt),
        `looks again at ${plan.requeueAt}`,
      );
      for (const intent of plan.intents)
        if (intent.kind === 'scaleReplicaSet')
          assert.ok(Number.isInteger(intent.to) && intent.to >= 0, JSON.stringify(intent));
        else if (intent.kind === 'setRoute')
          assert.ok(intent.weight >= 0 && intent.weight <= intent.max, JSON.stringify(intent));
      if (plan.status !== undefined) planned += 1;
    });
    assert.ok(
      planned > 100,
      `only ${planned} of the plans had a status: the damage is too great to test anything`,
    );
  });

  it('every AnalysisRun gets a plan', () => {
    fuzz(800, (d) => {
      const run = damaged({ ...RUN }, d);
      const plan = planAnalysisRun(gatherAnalysisRun(run, NOW));
      assert.ok(isPlain(plan));
      assert.ok(
        plan.requeueAt === undefined || Number.isFinite(plan.requeueAt),
        `looks again at ${plan.requeueAt}`,
      );
    });
  });

  it('every Application that can be read gets a plan, and prunes nothing while its target is unknown', () => {
    const application: JsonObject = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: meta('web'),
      spec: {
        project: 'default',
        source: {
          repoURL: 'https://git.example.com/a',
          path: 'x',
          targetRevision: 'main',
          kustomize: { images: ['a=b:c'] },
        },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
        syncPolicy: {
          automated: { prune: true, selfHeal: true },
          retry: { limit: 5, backoff: { duration: '5s', factor: 2, maxDuration: '3m' } },
          syncOptions: ['CreateNamespace=true'],
        },
        ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/replicas'] }],
      },
      status: {
        sync: { status: 'Synced', revision: 'a'.repeat(40) },
        health: { status: 'Healthy' },
        operationState: {
          phase: 'Failed',
          startedAt: TIME,
          finishedAt: TIME,
          retryCount: 2,
          operation: { sync: { revision: 'a'.repeat(40) } },
          syncResult: { revision: 'a'.repeat(40) },
        },
        history: [{ id: 1, revision: 'b'.repeat(40), deployedAt: TIME }],
      },
    };
    let planned = 0;
    fuzz(800, (d) => {
      const decoded = decode(applicationSchema, damaged(application, d));
      if (!decoded.ok) return;
      planned += 1;
      const live = structuredClone(OTHERS[SERVICE.kind]?.[0] ?? {});
      const identity = { group: '', version: 'v1', kind: 'Service', namespace: 'shop', name: 'web-stable' };
      const plan = planSync({
        now: NOW,
        application: decoded.value,
        trackingName: 'web',
        target: { ok: false, problem: { type: 'ComparisonError', message: 'no answer' } },
        inventory: [{ identity, live }],
      });
      assert.ok(isPlain(plan));
      assert.deepEqual(
        plan.intents.filter(({ kind }) => kind === 'prune'),
        [],
      );
    });
    assert.ok(planned > 300, `only ${planned} could be read`);
  });

  it('a merge patch that was made from two objects leads from one to the other', () => {
    const withoutNulls = (value: Json): Json => {
      if (Array.isArray(value)) return value;
      if (!isObject(value)) return value;
      return Object.fromEntries(
        Object.entries(value)
          .filter(([, item]) => item !== null)
          .map(([key, item]) => [key, withoutNulls(item ?? null)]),
      );
    };
    fuzz(1_500, (d) => {
      const from = withoutNulls(mutateJson(d.pick(ROLLOUTS), d));
      const to = withoutNulls(mutateJson(d.pick(ROLLOUTS), d));
      if (!isObject(from) || !isObject(to)) return;
      const patch = createMergePatch(from, to);
      assert.deepEqual(patch === undefined ? from : applyMergePatch(from, patch), to);
    });
  });
});
