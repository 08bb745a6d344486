/** AnalysisRuns that no Rollout has made: every one of them is taken up, and none is in the way of the others. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { KubeObject } from '../../src/kube/api.ts';
import type { HistoryEvent } from './history.ts';
import { SHOP } from './manifests.ts';
import { ODD_RUNS, oddRun } from './odd-runs.ts';
import { WATCHED } from './registry.ts';
import { basic, second } from './scenarios/worlds.ts';
import { simulate } from './simulate.ts';

const SECRET: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'web-secret', namespace: SHOP },
  data: { token: btoa('top secret+1'), limit: btoa('0.5') },
};

for (const crds of ['open', undefined] as const)
  it(`come to their ends side by side${crds === 'open' ? ', where anything can be stored' : ''}`, async () => {
    const made = ODD_RUNS.map((_, i): HistoryEvent => ({
      at: second(5 + i),
      do: 'make',
      ...oddRun(i, `by-hand-${i}`),
    }));
    const world = basic([], made, { setup: { crds } });
    const phases = new Map<string, string>();
    const { violations, problems, end } = await simulate(
      { ...world, setup: { ...world.setup, objects: [...world.setup.objects, SECRET] } },
      {
        rules: WATCHED,
        onHappening(happening) {
          if (happening.what !== 'change' || happening.kind !== 'AnalysisRun') return;
          const { phase } = (happening.after?.['status'] ?? {}) as { phase?: unknown };
          if (happening.after !== undefined) phases.set(happening.key, String(phase));
        },
      },
    );
    assert.deepEqual(violations, []);
    assert.deepEqual(problems, []);
    assert.equal(end, 'Healthy');
    const ends = [...phases.values()];
    assert.ok(ends.length > (crds === 'open' ? 60 : 50), String(ends.length));
    for (const phase of ['Successful', 'Failed', 'Error', 'Inconclusive'])
      assert.ok(ends.includes(phase), phase);
    assert.deepEqual(
      [...phases].filter(([, phase]) => !['Successful', 'Failed', 'Error', 'Inconclusive'].includes(phase)),
      [],
    );
  });
