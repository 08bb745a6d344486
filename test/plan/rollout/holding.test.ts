/** A release whose evidence is missing: Paused with the reason, no deadline against it, and none from before it. */

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { AnalysisRun } from '../../../src/api/analysis.ts';
import { formatTime } from '../../../src/lang/time.ts';
import { explainRollout } from '../../../src/plan/why/explain.ts';
import { World } from './simulation.ts';

const RATE = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'rate', namespace: 'shop' },
  spec: { metrics: [{ name: 'rate', interval: '1s', provider: { prometheus: { query: 'rate' } } }] },
};

/** The metric's last measurement: one that does not count since `since`, or a good one. */
function measured(world: World, since: number | undefined): void {
  for (const [name, run] of world.runs) {
    const at = formatTime(world.now);
    const metadata =
      since === undefined
        ? {}
        : {
            'sluice.dev/held': '3',
            'sluice.dev/held-since': formatTime(since),
            'sluice.dev/outcome': 'noData',
          };
    const measurement = { phase: 'Successful', startedAt: at, finishedAt: at, metadata } as const;
    const metricResults = [{ name: 'rate', phase: 'Running', measurements: [measurement] }];
    world.runs.set(name, { ...run, status: { phase: 'Running', metricResults } } as AnalysisRun);
  }
  world.wait(0);
}

const MINUTE = 60_000;

it('the deadline stands still, and begins anew when evidence is back', () => {
  let readyAfterMs = 1_500;
  const world = new World({
    replicas: 10,
    canary: {
      steps: [{ setWeight: 20 }, { setWeight: 40 }, { pause: {} }],
      analysis: { templates: [{ templateName: 'rate' }] },
    },
    spec: { progressDeadlineSeconds: 120, progressDeadlineAbort: true },
    templates: [RATE],
    readyAfterMs: (image) => (image === 'v1' ? 1_500 : readyAfterMs),
  });
  world.until('Healthy').image('v2');
  world.run(({ runs }) => runs.size === 1).wait(1_000);
  // No pods but those of the first step.
  readyAfterMs = Infinity;
  world.run(({ rollout }) => rollout.status?.currentStepIndex === 1);
  const since = world.now;
  measured(world, since);
  world.wait(10 * MINUTE);
  const held = world.status();
  assert.equal(held.phase, 'Paused');
  assert.equal(
    held.message,
    `AnalysisRun ${[...world.runs.keys()][0]}: Metric "rate" holds since ${formatTime(since)}: the provider answers with no data`,
  );
  assert.equal(held.currentStepIndex, 1);
  assert.equal(held.pauseConditions, undefined);
  const why = explainRollout(world.snapshot());
  assert.equal(why.cause, 'gate');
  assert.match(why.text, /^held until there is evidence: AnalysisRun /);

  // The run remembers nothing of it.
  measured(world, undefined);
  world.wait(115_000);
  assert.equal(world.status().phase, 'Progressing');
  assert.equal(world.status().abort, undefined);
  world.wait(10_000);
  assert.equal(world.status().abort, true);
});
