/** Whatever stands in a manifest: lint and get analysisrun say something, and never break. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findingsIn } from '../../../src/cli/lint/findings.ts';
import { queryFacts } from '../../../src/cli/lint/promql.ts';
import { analysisDetail } from '../../../src/cli/model/analysis-detail.ts';
import { analysisRunLines } from '../../../src/cli/view/analysis-run.ts';
import type { KubeObject } from '../../../src/kube/api.ts';
import { limitsIn } from '../../../src/lang/condition-limits.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { anyJson } from '../../lang/json-arbitrary.ts';

const part = fc.constantFrom(
  'result', '[0]', ' < ', ' > ', '0.05', 'len(', 'default(', 'isNil(', ')', '(', '!', ' && ', ' || ', '#', 'all(result, ',
  '{{args.x}}', '{{args.', '}}', '-', '??', 'sum(', 'rate(', 'errors', '{a="b"}', '{a="', '[5m]', '[', '/', ' or ', 'vector(0)', ' by (le) ',
); // prettier-ignore
const text = fc.oneof(
  fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ maxLength: 20 }),
);
const orJunk = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary }, { weight: 1, arbitrary: anyJson });

const metric = fc.record(
  {
    name: orJunk(fc.constantFrom('a', 'b', '{{args.x}}')),
    interval: orJunk(fc.constantFrom('1m', '', 'x', '{{args.x}}')),
    count: orJunk(fc.integer({ min: -2, max: 9 })),
    failureLimit: orJunk(fc.integer({ min: -2, max: 9 })),
    inconclusiveLimit: orJunk(fc.constantFrom('3', '{{args.x}}')),
    successCondition: orJunk(text),
    failureCondition: orJunk(text),
    provider: orJunk(
      fc.oneof(
        fc.record({ prometheus: orJunk(fc.record({ query: orJunk(text) })) }),
        fc.record({ web: fc.record({ url: text }) }),
      ),
    ),
  },
  { requiredKeys: [] },
);
const spec = fc.record(
  {
    args: orJunk(
      fc.array(fc.record({ name: fc.constantFrom('x', 'y'), value: text }, { requiredKeys: ['name'] }), {
        maxLength: 3,
      }),
    ),
    metrics: orJunk(fc.array(orJunk(metric), { maxLength: 3 })),
    dryRun: orJunk(fc.array(fc.record({ metricName: text }), { maxLength: 2 })),
    templates: orJunk(fc.constant([{ templateName: 'other' }])),
  },
  { requiredKeys: [] },
);

describe('any manifest', () => {
  it('can be linted', () => {
    fc.assert(
      fc.property(orJunk(spec), orJunk(fc.constant({ name: 'x' })), (given, metadata) => {
        const template = {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'AnalysisTemplate',
          metadata,
          spec: given,
        };
        const rollout = {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Rollout',
          metadata,
          spec: { strategy: { canary: { steps: [{ analysis: { templates: [{ templateName: 'x' }] } }] } } },
        };
        const documents = [template, rollout].map((manifest) => ({
          manifest: manifest as unknown as JsonObject,
          file: 'f.yaml',
          lineOf: () => 1,
        }));
        for (const { message, rule } of findingsIn(documents)) assert.ok(message !== '' && rule !== '');
      }),
      { numRuns: 400 },
    );
  });

  it('can be shown as a run', () => {
    const status = fc.record(
      {
        phase: orJunk(fc.constant('Failed')),
        metricResults: orJunk(
          fc.array(
            orJunk(
              fc.record(
                {
                  name: fc.constantFrom('a', 'c'),
                  phase: orJunk(fc.constant('Failed')),
                  measurements: orJunk(
                    fc.array(fc.record({ phase: orJunk(fc.constant('Error')), value: orJunk(text) }), {
                      maxLength: 3,
                    }),
                  ),
                },
                { requiredKeys: [] },
              ),
            ),
            { maxLength: 3 },
          ),
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(orJunk(spec), orJunk(status), (given, found) => {
        const run = { metadata: { name: 'x' }, spec: given, status: found } as unknown as KubeObject;
        const lines = analysisRunLines(analysisDetail(run), {
          now: 0,
          style: { color: false, symbols: true },
        });
        assert.equal(lines[0], 'Name:            x');
      }),
      { numRuns: 300 },
    );
  });

  it('has queries and conditions of any form', () => {
    fc.assert(
      fc.property(text, (source) => {
        const facts = queryFacts(source, () => undefined);
        assert.ok(facts === undefined || facts.fault === undefined || facts.windowsMs.length === 0);
        for (const { value } of limitsIn(source)) assert.ok(!Number.isNaN(value));
      }),
      { numRuns: 1_000 },
    );
  });
});
