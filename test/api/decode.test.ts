import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import type { z } from 'zod';
import {
  analysisRunSchema,
  analysisTemplateSchema,
  clusterAnalysisTemplateSchema,
} from '../../src/api/analysis.ts';
import { applicationSchema } from '../../src/api/application.ts';
import { decode, decodeRest, formatIssues } from '../../src/api/decode.ts';
import { experimentSchema } from '../../src/api/experiment.ts';
import { rolloutSchema } from '../../src/api/rollout.ts';
import { isObject } from '../../src/lang/json.ts';
import { sharedPath, withVectors } from '../shared.ts';

const SCHEMAS: Record<string, z.ZodType> = {
  Rollout: rolloutSchema,
  AnalysisTemplate: analysisTemplateSchema,
  ClusterAnalysisTemplate: clusterAnalysisTemplateSchema,
  AnalysisRun: analysisRunSchema,
  Experiment: experimentSchema,
  Application: applicationSchema,
};

const rollout = (spec: object, more: object = {}): object => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: 'demo' },
  spec,
  ...more,
});

describe('decode', () => {
  it('keeps fields that the schema does not know, at every level', () => {
    const object = rollout(
      { future: 1, strategy: { canary: { steps: [{ setWeight: 5, novel: { a: [1] } }] } } },
      { extra: true, status: { canary: { unheardOf: 'x' } } },
    );
    const decoded = decode(rolloutSchema, object);
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.value, object);
  });

  it('does not touch the pod template', () => {
    const template = { metadata: { creationTimestamp: null }, spec: { containers: [{ x: [1, null] }] } };
    const decoded = decode(rolloutSchema, rollout({ template }));
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.value.spec.template, template);
  });

  it('takes null for absent', () => {
    const decoded = decode(
      rolloutSchema,
      rollout(
        { replicas: null, strategy: { canary: { steps: [{ setHeaderRoute: { name: 'a', match: null } }] } } },
        { status: { pauseConditions: null } },
      ),
    );
    assert.ok(decoded.ok);
    assert.ok(!('replicas' in decoded.value.spec));
    assert.deepEqual(decoded.value.spec.strategy?.canary?.steps, [{ setHeaderRoute: { name: 'a' } }]);
    assert.deepEqual(decoded.value.status, {});
  });

  it('gives the rest without what can not be read, and without what lacks a part or holds something else', () => {
    const rest = decodeRest(
      rolloutSchema,
      rollout({
        replicas: 'many',
        selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'app' }] },
        strategy: { canary: { steps: ['pause', { setWeight: 20 }, { setWeight: 'all' }], maxSurge: 1 } },
      }),
    );
    assert.deepEqual(rest?.spec, {
      selector: { matchLabels: { app: 'web' } },
      strategy: { canary: { steps: [{}, { setWeight: 20 }, {}], maxSurge: 1 } },
    });
    assert.equal(decodeRest(rolloutSchema, 'a text'), undefined);
    assert.equal(decodeRest(rolloutSchema, { spec: {} }), undefined);
  });

  it('says where and what is wrong', () => {
    const decoded = decode(
      rolloutSchema,
      rollout({
        replicas: 1.5,
        selector: { matchLabels: { 'a/b': 7 } },
        strategy: { canary: { steps: [{ setWeight: '20' }, null] } },
      }),
    );
    assert.ok(!decoded.ok);
    assert.deepEqual(
      decoded.issues.map(({ path }) => path),
      [
        'spec.replicas',
        'spec.selector.matchLabels[a/b]',
        'spec.strategy.canary.steps[0].setWeight',
        'spec.strategy.canary.steps[1]',
      ],
    );
    assert.match(
      formatIssues(decoded.issues),
      /spec\.strategy\.canary\.steps\[0\]\.setWeight: .*expected number/,
    );
  });

  it('limits the number of issues', () => {
    const steps = Array.from({ length: 500 }, () => ({ setWeight: 'x' }));
    const decoded = decode(rolloutSchema, rollout({ strategy: { canary: { steps } } }));
    assert.ok(!decoded.ok);
    assert.ok(decoded.issues.length <= 20);
  });

  it('reads the generation as text and as number', () => {
    for (const observedGeneration of [3, '3']) {
      const decoded = decode(rolloutSchema, rollout({}, { status: { observedGeneration } }));
      assert.ok(decoded.ok);
      assert.equal(decoded.value.status?.observedGeneration, observedGeneration);
    }
  });

  it('never throws, whatever it is given', () => {
    const names = [
      'spec',
      'metadata',
      'name',
      'strategy',
      'canary',
      'steps',
      'metrics',
      'status',
      '__proto__',
    ];
    const garbage = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constant(null),
        fc.boolean(),
        fc.double(),
        fc.string(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), tie('value'), { maxKeys: 6 }),
      ),
    })).value;
    fc.assert(
      fc.property(garbage, fc.constantFrom(...Object.values(SCHEMAS)), (value, schema) => {
        const decoded = decode(schema, value);
        assert.ok(decoded.ok || decoded.issues.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});

for (const name of ['validation', 'phase', 'current-step', 'canary-basic']) {
  withVectors<{ rollout: { metadata?: object; spec?: object } }>(name, (rows) => {
    it('decodes the Rollout of every row, losing nothing', () => {
      for (const [index, row] of rows.entries()) {
        const object = {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Rollout',
          ...row.rollout,
          metadata: { name: 'x', ...row.rollout.metadata },
          spec: row.rollout.spec ?? {},
        };
        const decoded = decode(rolloutSchema, object);
        assert.ok(decoded.ok, `row ${index}: ${decoded.ok ? '' : formatIssues(decoded.issues)}`);
        if (index % 10 === 0) assert.deepEqual(decoded.value, object, `row ${index}`);
      }
    });
  });
}

describe('recordings', { skip: existsSync(sharedPath('recordings/traces')) ? false : 'not there' }, () => {
  it('all their final objects decode', () => {
    let count = 0;
    for (const file of readdirSync(sharedPath('recordings/traces'))) {
      const trace = JSON.parse(readFileSync(sharedPath(`recordings/traces/${file}`), 'utf8')) as {
        final: unknown;
      };
      for (const object of objectsIn(unmask(trace.final))) {
        const decoded = decode(SCHEMAS[object.kind] as z.ZodType, object);
        assert.ok(decoded.ok, `${file} ${object.kind}: ${decoded.ok ? '' : formatIssues(decoded.issues)}`);
        count += 1;
      }
    }
    assert.ok(count > 60, `only ${count} objects found`);
  });
});

interface Found {
  kind: string;
  metadata: object;
}

function objectsIn(value: unknown): Found[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  if (!isObject(value)) return [];
  if (typeof value['kind'] === 'string' && SCHEMAS[value['kind']] !== undefined && isObject(value['spec'])) {
    const metadata = isObject(value['metadata']) ? value['metadata'] : {};
    const { ownerReferences: _owners, ...rest } = metadata;
    return [{ apiVersion: 'v', ...value, kind: value['kind'], metadata: { name: 'x', ...rest } } as Found];
  }
  return Object.values(value).flatMap(objectsIn);
}

/** Recordings put words in angle brackets where a value differs from run to run. */
function unmask(value: unknown): unknown {
  if (value === '<seconds>') return 1;
  if (Array.isArray(value)) return value.map(unmask);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== '<unstable>')
      .map(([key, item]) => [key, unmask(item)]),
  );
}
