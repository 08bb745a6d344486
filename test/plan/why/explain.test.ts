/** Each cause, told in words with the numbers in it. The stories check the truth of every wait that they come to. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnalysisTemplate } from '../../../src/api/analysis.ts';
import type { Explanation } from '../../../src/plan/why/explain.ts';
import { explainRollout } from '../../../src/plan/why/explain.ts';
import { World, type WorldOptions } from '../rollout/simulation.ts';

const one = { maxSurge: 1, maxUnavailable: 0 };
const nginx = {
  canaryService: 'canary',
  stableService: 'stable',
  trafficRouting: { nginx: { stableIngress: 'demo' } },
};
const RATE: AnalysisTemplate = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name: 'rate', namespace: 'shop' },
  spec: {
    metrics: [
      {
        name: 'errors',
        interval: '1m',
        count: 5,
        failureLimit: 2,
        successCondition: 'result < 0.01',
        provider: { prometheus: { query: 'sum(errors)' } },
      },
    ],
  },
};
const analysis = { templates: [{ templateName: 'rate' }] };
const never = (image: string): number => (image === 'bad' ? Infinity : 1_500);

const deployed = (options: WorldOptions): World => new World(options).until('Healthy');
const why = (world: World): Explanation => explainRollout(world.snapshot());
/** When everything that can be written is. */
const rest = (world: World, ms = 1_000): World => world.wait(ms);

describe('why', () => {
  it('nothing: all is as it should be', () => {
    const world = rest(deployed({ replicas: 3, canary: { steps: [{ setWeight: 50 }] } }));
    const { cause, text, ways, since } = why(world);
    assert.deepEqual(
      { cause, text, ways, since },
      {
        cause: 'settled',
        text: 'nothing: revision 1 is stable, 3 of 3 pods are available',
        ways: [],
        since: undefined,
      },
    );
  });

  it('the controller has something to write, or is not there', () => {
    const world = rest(deployed({ replicas: 3, canary: {} })).image('v2');
    const { cause, text } = why(world);
    assert.equal(cause, 'acting');
    assert.match(text, /the controller is about to write .*create demo-\w+ with 1 pod/);
  });

  it('pods, with the progress deadline', () => {
    const world = deployed({
      replicas: 5,
      canary: { ...one, steps: [{ setWeight: 40 }] },
      readyAfterMs: never,
    });
    const { cause, text, deadline, step, pods } = why(rest(world.image('bad'), 40_000));
    assert.equal(cause, 'pods');
    assert.equal(
      text,
      'waiting for pods in step 1/1 (setWeight: 40): 0 of 1 pods of revision 2 are available, 5 in the end, ' +
        'stable has 5 of 5, progress deadline in 9m22s',
    );
    assert.deepEqual(step, { index: 0, of: 1 });
    assert.deepEqual(pods, { revision: 2, available: 0, size: 1 });
    assert.equal(deadline, world.now + (9 * 60 + 21.5) * 1000);
  });

  it('a pause with its end, and one without', () => {
    const steps = [{ setWeight: 20 }, { pause: { duration: '1h' } }, { pause: {} }];
    const world = deployed({ replicas: 5, canary: { ...one, steps } })
      .image('v2')
      .until('Paused', 1);
    const timed = why(rest(world, 600_000));
    assert.equal(timed.cause, 'pause');
    assert.match(
      timed.text,
      /^paused in step 2\/3 \(pause: 1h\) for 1h: 50m left, until 2026-01-01T01:00:0\dZ$/,
    );
    assert.deepEqual(timed.ways[0], { about: 'go on at once', command: 'promote demo' });
    world.promote().until('Paused', 2);
    assert.match(
      why(rest(world, 90_000)).text,
      /^paused in step 3\/3 \(pause\) since 1m\d\ds, until someone promotes$/,
    );
  });

  it('the pause of a blue-green', () => {
    const world = deployed({
      replicas: 2,
      blueGreen: { activeService: 'active', autoPromotionEnabled: false },
    });
    const { cause, text } = why(rest(world.image('v2').until('Paused')));
    assert.equal(cause, 'pause');
    assert.match(text, /^paused before the switch of the active Service since \ds, until someone promotes$/);
  });

  it('a gate with its measurements', () => {
    const canary = { ...one, steps: [{ setWeight: 20 }, { analysis }] };
    const world = deployed({ replicas: 5, canary, templates: [RATE] }).image('v2');
    world.run(() => world.runs.size === 1);
    const measurement = {
      phase: 'Failed',
      value: '0.05',
      startedAt: '2026-01-01T00:00:10Z',
      finishedAt: '2026-01-01T00:00:10Z',
    };
    world.setRun({
      phase: 'Running',
      startedAt: '2026-01-01T00:00:02Z',
      metricResults: [{ name: 'errors', phase: 'Running', count: 2, failed: 1, measurements: [measurement] }],
    });
    const { cause, text, gates } = why(rest(world, 10_000));
    assert.equal(cause, 'gate');
    assert.match(
      text,
      /^waiting for AnalysisRun demo-\w+-2-1 in step 2\/2 \(analysis\): 0 of 1 metrics have passed, measured next in \d+s$/,
    );
    const [metric] = gates[0]?.metrics ?? [];
    assert.deepEqual(metric, {
      name: 'errors',
      provider: 'prometheus',
      query: 'sum(errors)',
      conditions: ['good where result < 0.01'],
      phase: 'Running',
      taken: 2,
      wanted: 5,
      failed: 1,
      failuresAllowed: 2,
      lastValue: '0.05',
      lastPhase: 'Failed',
      lastMessage: undefined,
    });
  });

  it('a pause that is over while the background has no evidence', () => {
    const steps = [{ setWeight: 20 }, { pause: { duration: 10 } }, { setWeight: 40 }];
    const world = deployed({ replicas: 5, canary: { ...one, steps, analysis }, templates: [RATE] }).image(
      'v2',
    );
    world.until('Paused');
    const at = '2026-01-01T00:00:10Z';
    const held = { 'sluice.dev/held': '2', 'sluice.dev/held-since': at, 'sluice.dev/outcome': 'noData' };
    const measurement = { phase: 'Inconclusive', startedAt: at, finishedAt: at, metadata: held };
    world.setRun({
      phase: 'Running',
      startedAt: at,
      metricResults: [{ name: 'errors', phase: 'Running', measurements: [measurement] }],
    });
    const paused = why(rest(world));
    assert.equal(paused.cause, 'pause');
    const { cause, text } = why(rest(world, 30_000));
    assert.equal(cause, 'gate');
    assert.match(text, /^held until there is evidence: AnalysisRun demo-\S+ Metric "errors" holds since /);
  });

  it('an inconclusive analysis', () => {
    const canary = { ...one, steps: [{ setWeight: 20 }, { analysis }] };
    const world = deployed({ replicas: 5, canary, templates: [RATE] }).image('v2');
    world.run(() => world.runs.size === 1).finishRun('Inconclusive');
    const { cause, text, ways } = why(rest(world));
    assert.equal(cause, 'inconclusive');
    assert.match(text, /^an analysis is inconclusive since 2026-01-01T\S+: a person has to decide$/);
    assert.deepEqual(
      ways.map(({ command }) => command),
      ['promote demo', 'abort demo'],
    );
  });

  it('an analysis that cannot be made', () => {
    const canary = { ...one, steps: [{ setWeight: 20 }, { analysis }] };
    const world = rest(deployed({ replicas: 5, canary }).image('v2'), 60_000);
    assert.equal(why(world).cause, 'gate broken');
    assert.match(why(world).text, /^Cannot create the Step AnalysisRun: .*rate/);
  });

  it('an abort, and a deadline that passed', () => {
    const steps = [{ setWeight: 20 }, { pause: {} }];
    const world = deployed({ replicas: 5, canary: { ...one, steps }, readyAfterMs: never });
    world.image('bad');
    const late = why(rest(world, 700_000));
    assert.equal(late.cause, 'late');
    assert.equal(late.text, 'no progress within 10m: 0 of 1 pods of revision 2 are available');
    const gone = why(rest(world.abort(), 60_000));
    assert.equal(gone.cause, 'aborted');
    assert.match(gone.text, /^revision 2 was aborted at 2026-01-01T00:11:\d\dZ: /);
    assert.deepEqual(
      gone.ways.map(({ command }) => command),
      ['retry rollout demo', 'undo demo', undefined],
    );
  });

  it('a deadline that passed while all pods are there: what else is missing', () => {
    const blueGreen = { activeService: 'active', prePromotionAnalysis: analysis };
    const spec = { progressDeadlineSeconds: 30 };
    const gated = deployed({ replicas: 2, blueGreen, spec, templates: [RATE] }).image('v2');
    gated.run(() => gated.runs.size === 1).setRun({ phase: 'Running', startedAt: '2026-01-01T00:00:10Z' });
    const { cause, text, gates, ways } = why(rest(gated, 60_000));
    assert.equal(cause, 'late');
    assert.match(
      text,
      /^no progress within 30s: 2 of 2 pods of revision 2 are available; waiting for AnalysisRun demo-\w+-2-pre: /,
    );
    assert.equal(gates.length, 1);
    assert.deepEqual(
      ways.map(({ command }) => command),
      ['abort demo', 'undo demo', 'promote demo'],
    );
  });

  it('a promoted version that is late because old pods have to go', () => {
    const world = deployed({ replicas: 2, canary: { ...nginx, steps: [] } }).image('v2');
    rest(world.until('Progressing').until('Healthy'));
    const exceeded = { status: 'False', reason: 'ProgressDeadlineExceeded' } as const;
    const conditions = (world.status().conditions ?? []).map((condition) =>
      condition.type === 'Progressing' ? { ...condition, ...exceeded } : condition,
    );
    world.writeStatus({ ...world.status(), conditions });
    const { cause, text } = why(rest(world));
    assert.equal(cause, 'late');
    assert.match(
      text,
      /: 2 of 2 pods of revision 2 are available; 2 pods of older versions are still there, /,
    );
  });

  it('spec.paused, a spec that is refused, a deletion', () => {
    const world = deployed({
      replicas: 5,
      canary: { ...one, steps: [{ setWeight: 20 }, { setWeight: 40 }] },
    });
    world.user('pause', (rollout) => void (rollout.spec.paused = true));
    const held = why(rest(world.image('v2')));
    assert.equal(held.cause, 'held');
    assert.match(held.text, /^spec.paused is set in step 1\/2 \(setWeight: 20\): /);
    world.user('mistake', (rollout) => void (rollout.spec.revisionHistoryLimit = -1));
    const refused = why(rest(world));
    assert.equal(refused.cause, 'refused');
    assert.match(
      refused.text,
      /^the spec is refused, so nothing is started: The Rollout "demo" is invalid: /,
    );
    world.user('deletion', ({ metadata }) => void (metadata.deletionTimestamp = '2026-01-01T00:00:00Z'));
    assert.equal(why(world).cause, 'deleted');
  });

  it('old pods that live out their delay', () => {
    const world = deployed({ replicas: 2, canary: { ...nginx, steps: [] } })
      .image('v2')
      .until('Healthy');
    const { cause, text, until } = why(rest(world));
    assert.equal(cause, 'old pods');
    assert.match(text, /^2 pods of older versions are still there, to be looked at again in 2\ds$/);
    assert.ok(until !== undefined && until > world.now);
  });
});
