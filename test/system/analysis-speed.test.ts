/** What running AnalysisRuns cost, in counts: the times are `bench-analysis.ts`'s. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { WriteObservation } from '../../src/control/writer.ts';
import { ANALYSIS_RUN, ROLLOUT } from '../../src/kube/kinds.ts';
import { benchAnalysis } from './bench-analysis.ts';
import { MINUTE, SECOND, System, nginxCanary, nginxYaml, rolloutYaml, vector } from './world.ts';

describe('running AnalysisRuns', () => {
  it('one patch for a measurement, with changed keys only', async () => {
    const { measurements, patches, unchangedKeys } = await benchAnalysis({
      runs: 40,
      seconds: 60,
      warmUp: 15,
    });
    // The interval begins with the end of a measurement, in whole seconds: 6 in a minute.
    assert.ok(measurements >= 40 * 5 && measurements <= 40 * 7, String(measurements));
    assert.ok(Math.abs(patches - measurements) <= 1, `${patches} patches for ${measurements} measurements`);
    assert.equal(unchangedKeys, 0);
  });

  it('one patch for all metrics of a run that are measured together', async () => {
    const { measurements, patches, unchangedKeys } = await benchAnalysis({
      runs: 20,
      seconds: 60,
      warmUp: 15,
      metrics: 4,
    });
    assert.ok(patches <= measurements / 4 + 1, `${patches} patches for ${measurements} measurements`);
    assert.equal(unchangedKeys, 0);
  });
});

describe('from the answer of the backend to the route', () => {
  it('is at most two own writes and 50 ms without work', async () => {
    let answeredAt = 0;
    let bad = false;
    const system = new System({
      http: (clock) => ({
        request: () => {
          if (bad) answeredAt ||= clock.now();
          return Promise.resolve({
            status: 200,
            headers: {},
            body: JSON.stringify(vector(bad ? 0.1 : 0.99)),
          });
        },
      }),
    });
    await using _ = system;
    await system.create(`apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: rate}
spec:
  metrics:
  - name: rate
    interval: 10s
    successCondition: result[0] > 0.95
    provider: {prometheus: {address: "http://prometheus", query: rate}}
---
${nginxYaml('web')}${rolloutYaml('web', {
      steps: '[{setWeight: 40}, {pause: {}}]',
      canary: `${nginxCanary('web')}      analysis: {templates: [{templateName: rate}]}\n`,
    })}`);
    await system.clock.advance(30 * SECOND);
    await system.merge(ROLLOUT, 'web', {
      spec: { template: { spec: { containers: [{ name: 'app', image: 'app:v2' }] } } },
    });
    await system.clock.advance(MINUTE);
    assert.equal(await system.nginxWeight('web'), 40);

    system.writes.length = 0;
    bad = true;
    await system.clock.runUntil(() => answeredAt > 0);
    await system.clock.runUntil(() => system.writes.some(({ type }) => type.kind === 'Ingress'));
    const own = system.writes.filter(({ type }) => type.kind !== 'Event');
    const shown = (write: WriteObservation): string => `${write.verb} ${write.type.kind}`;
    assert.deepEqual(own.slice(0, 2).map(shown), [`patch ${ANALYSIS_RUN.kind}`, 'patch Ingress']);
    assert.ok(system.clock.now() - answeredAt <= 50, `${system.clock.now() - answeredAt} ms`);
    await system.clock.advance(5 * SECOND);
    assert.equal(await system.nginxWeight('web'), 0);
  });
});
