import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  buildRunSpec,
  collectTemplates,
  isSameRun,
  newAnalysisRun,
  resolveMetrics,
  resolveRolloutArgs,
  rolloutRunLabels,
  rolloutRunName,
  selectDryRun,
  selectRetention,
  validateMetrics,
} from '../../../src/plan/analysis/build.ts';
import type {
  Argument,
  Metric,
  DryRun,
  MeasurementRetention,
  AnalysisRunArgument,
  TemplateObject,
} from '../../../src/plan/analysis/build.ts';
import { dropZeros, withVectors } from '../../shared.ts';

interface Row {
  kind: 'build' | 'resolve' | 'validate' | 'rollout-args' | 'select' | 'rollout';
  error?: string;
  panic?: string;
  templates: TemplateObject[];
  clusterTemplates: TemplateObject[];
  args: Argument[];
  dryRun?: DryRun[];
  measurementRetention?: MeasurementRetention[];
  run?: { spec: unknown };
  metric: Metric;
  resolved?: unknown;
  metrics: Metric[];
  rollout: object;
  newHash: string;
  stableHash: string;
  out?: unknown;
  matched?: unknown;
}

/** Rows that we answer otherwise, each with its reason. */
const deviations: { reason: string; applies: (row: Row) => boolean }[] = [
  {
    reason:
      'an unclosed tag swallows the rest of the metric upstream; ours names only the text that it stands in',
    applies: (row) =>
      row.kind === 'resolve' && (row.error ?? '').startsWith('failed to resolve {{ args.svc"'),
  },
  {
    reason: 'the DEL character breaks the JSON that the reference makes; ours is kept as it is',
    applies: (row) => row.kind === 'resolve' && (row.error ?? '').includes('in string escape code'),
  },
  {
    reason:
      'an unresolvable path is an error wherever it stands, and the first one is named; upstream only the last counts',
    applies: (row) => row.kind === 'rollout-args' && lostUpstream(row),
  },
  {
    reason: 'a negative index is out of range instead of a crash',
    applies: (row) => row.kind === 'rollout-args' && row.panic !== undefined,
  },
];

let rollout: object = {};

function lostUpstream(row: Row): boolean {
  const hashes = { latestHash: row.newHash, stableHash: row.stableHash };
  const first = (row.args as AnalysisRunArgument[]).findIndex(
    (arg) => 'error' in resolveRolloutArgs([arg], rollout, hashes),
  );
  const path = (row.args[first]?.valueFrom?.fieldRef?.fieldPath ?? 'metadata') as string;
  return first < row.args.length - 1 && !path.startsWith('metadata');
}

function answer(row: Row): unknown {
  switch (row.kind) {
    case 'build': {
      const built = buildRunSpec(row);
      return 'error' in built ? built : { run: { spec: built.spec } };
    }
    case 'resolve': {
      const resolved = resolveMetrics([row.metric], row.args);
      return 'error' in resolved ? resolved : { resolved: resolved.metrics[0] };
    }
    case 'validate': {
      const error = validateMetrics(row.metrics);
      return error === undefined ? {} : { error };
    }
    case 'rollout-args': {
      const resolved = resolveRolloutArgs(row.args as AnalysisRunArgument[], rollout, {
        latestHash: row.newHash,
        stableHash: row.stableHash,
      });
      return 'error' in resolved ? resolved : { out: resolved.args };
    }
    case 'select': {
      if (row.dryRun !== undefined) {
        const selected = selectDryRun(row.metrics, row.dryRun);
        return 'error' in selected
          ? selected
          : { matched: Object.fromEntries([...selected.names].map((name) => [name, true])) };
      }
      const selected = selectRetention(row.metrics, row.measurementRetention);
      return 'error' in selected ? selected : { matched: Object.fromEntries(selected.limits) };
    }
    case 'rollout':
      return {};
  }
}

const wanted = ({ error, run, resolved, out, matched }: Row): unknown =>
  error === undefined ? { run, resolved, out, matched } : { error };

withVectors<Row>('analysis-build', (rows) => {
  rollout = rows.find((row) => row.kind === 'rollout')?.rollout ?? {};
  for (const kind of ['build', 'resolve', 'validate', 'rollout-args', 'select'] as const) {
    it(`every row of kind ${kind}`, () => {
      const wrong: string[] = [];
      let compared = 0;
      for (const [i, row] of rows.entries()) {
        if (row.kind !== kind) continue;
        compared++;
        const deviation = deviations.find((known) => known.applies(row));
        const got = JSON.stringify(sorted(dropZeros(answer(row))));
        const want = JSON.stringify(sorted(dropZeros(wanted(row))));
        if ((got === want) !== (deviation === undefined))
          wrong.push(
            `row ${i}: got ${got}, want ${want}${deviation ? ` (needless: ${deviation.reason})` : ''}`,
          );
      }
      assert.ok(compared > 20);
      assert.deepEqual(wrong, []);
    });
  }
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

const template = (
  name: string,
  refs: { templateName: string; clusterScope?: boolean }[] = [],
): TemplateObject => ({
  metadata: { name },
  spec: { metrics: [{ name: `m-${name}`, provider: { web: {} } }], templates: refs },
});

function lookupOf(templates: TemplateObject[], clusterTemplates: TemplateObject[] = []) {
  return {
    template: (name: string) => templates.find((t) => t.metadata.name === name),
    clusterTemplate: (name: string) => clusterTemplates.find((t) => t.metadata.name === name),
  };
}

describe('collectTemplates', () => {
  it('follows nested references in order, each template once', () => {
    const lookup = lookupOf(
      [template('a', [{ templateName: 'b' }, { templateName: 'c', clusterScope: true }]), template('b')],
      [template('c', [{ templateName: 'b' }])],
    );
    const found = collectTemplates([{ templateName: 'a' }, { templateName: 'b' }], lookup);
    assert.ok('templates' in found);
    assert.deepEqual(
      [found.templates.map((t) => t.metadata.name), found.clusterTemplates.map((t) => t.metadata.name)],
      [['a', 'b'], ['c']],
    );
  });

  it('names what is missing and where it was named', () => {
    assert.deepEqual(collectTemplates([{ templateName: 'x', clusterScope: true }], lookupOf([])), {
      error: "ClusterAnalysisTemplate 'x' not found",
      templateName: 'x',
      clusterScope: true,
      nested: false,
    });
    const nested = collectTemplates(
      [{ templateName: 'a' }],
      lookupOf([template('a', [{ templateName: 'x' }])]),
    );
    assert.ok('error' in nested && nested.nested);
    assert.equal(nested.error, "AnalysisTemplate 'x' not found");
  });

  it('refuses a cycle instead of recursing for ever, and lets a diamond pass', () => {
    const cyclic = lookupOf([template('a', [{ templateName: 'b' }]), template('b', [{ templateName: 'a' }])]);
    const found = collectTemplates([{ templateName: 'a' }], cyclic);
    assert.ok('error' in found);
    assert.equal(
      found.error,
      "AnalysisTemplate 'a' refers to itself: AnalysisTemplate 'a' -> AnalysisTemplate 'b' -> AnalysisTemplate 'a'",
    );
    const diamond = lookupOf([
      template('a', [{ templateName: 'b' }, { templateName: 'c' }]),
      template('b', [{ templateName: 'd' }]),
      template('c', [{ templateName: 'd' }]),
      template('d'),
    ]);
    assert.ok('templates' in collectTemplates([{ templateName: 'a' }], diamond));
  });
});

describe('resolveMetrics', () => {
  const metric: Metric = {
    name: 'm',
    provider: { web: { url: 'http://x', headers: [{ key: 'K', value: 'Bearer {{args.token}}' }] } },
  };
  const args: Argument[] = [{ name: 'token', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }];

  it('puts a placeholder where a secret belongs, or the secret itself', () => {
    assert.match(JSON.stringify(resolveMetrics([metric], args)), /Bearer temp-for-secret/);
    assert.match(JSON.stringify(resolveMetrics([metric], args, () => 'abc"d')), /Bearer abc\\"d/);
  });

  it('is not fooled by names of the prototype', () => {
    const tricky = { name: '{{args.constructor}}', provider: { web: {} } };
    assert.deepEqual(resolveMetrics([tricky], []), { error: 'failed to resolve {{args.constructor}}' });
  });
});

describe('run object', () => {
  it('has the name, labels and owner of spec 05 section 9.1', () => {
    const run = newAnalysisRun({
      annotations: { note: 'a' },
      name: rolloutRunName('demo', 'abc', 2, '1'),
      owner: {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        metadata: { name: 'demo', namespace: 'ns', uid: 'u' },
      },
      labels: rolloutRunLabels({
        rolloutLabels: { 'argo-rollouts.argoproj.io/controller-instance-id': 'x', other: 'y' },
        hash: 'abc',
        type: 'Step',
        stepIndex: 1,
        metadataLabels: { app: 'mine', team: 't' },
        matchLabels: { app: 'demo' },
      }),
      spec: { metrics: [] },
    });
    assert.deepEqual(run.metadata, {
      name: 'demo-abc-2-1',
      namespace: 'ns',
      labels: {
        'rollouts-pod-template-hash': 'abc',
        'rollout-type': 'Step',
        'step-index': '1',
        'argo-rollouts.argoproj.io/controller-instance-id': 'x',
        team: 't',
        app: 'demo',
      },
      annotations: { note: 'a' },
      ownerReferences: [
        {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Rollout',
          name: 'demo',
          uid: 'u',
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    });
    assert.equal(rolloutRunName('demo', 'abc', '2'), 'demo-abc-2');
  });

  it('is reused only for the same owner, unfinished, with the same question', () => {
    const metrics = [{ name: 'm' }];
    const wantedRun = { ownerUid: 'u', spec: { metrics } };
    const existing = {
      metadata: { ownerReferences: [{ uid: 'u', controller: true }] },
      spec: { metrics: [{ name: 'm' }], terminate: true, args: [] },
    };
    assert.ok(isSameRun(existing, wantedRun));
    assert.ok(!isSameRun({ ...existing, status: { phase: 'Successful' } }, wantedRun));
    assert.ok(!isSameRun(existing, { ...wantedRun, ownerUid: 'v' }));
    assert.ok(!isSameRun(existing, { ...wantedRun, spec: { metrics: [{ name: 'n' }] } }));
    assert.ok(!isSameRun({ ...existing, metadata: {} }, wantedRun));
    const annotations = { 'sluice.dev/attempt': '2026-01-01T00:00:00Z' };
    const done = {
      ...existing,
      metadata: { ...existing.metadata, annotations },
      status: { phase: 'Successful' },
    };
    assert.ok(isSameRun(done, { ...wantedRun, attempt: '2026-01-01T00:00:00Z' }), 'of this very attempt');
    assert.ok(!isSameRun(done, { ...wantedRun, attempt: '2026-01-01T00:00:01Z' }), 'of an earlier one');
    const edited = { ownerUid: 'u', spec: { metrics: [{ name: 'n' }] } };
    assert.ok(
      isSameRun(done, { ...edited, attempt: '2026-01-01T00:00:00Z' }),
      'its template was edited since',
    );
    assert.ok(!isSameRun(done, { ...edited, attempt: '2026-01-01T00:00:01Z' }));
    assert.ok(!isSameRun(done, wantedRun));
  });

  it('is written as the reference writes it, and recognized either way', () => {
    const container = { name: 'c', image: 'i' };
    const template = { spec: { containers: [container], restartPolicy: 'Never' } };
    const metrics: Metric[] = [
      { name: 'w', provider: { web: { url: 'u', authentication: { oauth2: { tokenUrl: 't' } } } } },
      { name: 'j', provider: { job: { spec: { backoffLimit: 0, template } } } },
      { name: 'o', provider: { prometheus: { query: 'q' } } },
      { name: 'n' },
    ];
    const owner = { apiVersion: 'v', kind: 'Rollout', metadata: { name: 'demo', uid: 'u' } };
    const { spec } = newAnalysisRun({
      labels: {},
      annotations: {},
      name: 'r',
      owner,
      spec: { metrics },
    });
    assert.deepEqual(
      spec.metrics?.map(({ provider }) => provider),
      [
        { web: { url: 'u', authentication: { basicAuth: {}, oauth2: { tokenUrl: 't' }, sigv4: {} } } },
        {
          job: {
            metadata: {},
            spec: {
              backoffLimit: 0,
              template: {
                metadata: {},
                spec: { containers: [{ ...container, resources: {} }], restartPolicy: 'Never' },
              },
            },
          },
        },
        { prometheus: { query: 'q', authentication: { basicAuth: {}, oauth2: {}, sigv4: {} } } },
        undefined,
      ],
    );
    const metadata = { ownerReferences: [{ uid: 'u', controller: true }] };
    assert.ok(isSameRun({ metadata, spec }, { ownerUid: 'u', spec: { metrics } }));
    assert.ok(isSameRun({ metadata, spec: { metrics } }, { ownerUid: 'u', spec }));
  });
});
