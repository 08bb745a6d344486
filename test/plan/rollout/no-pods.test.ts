/** What is waited for where there are no pods, or only others. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { conditionOf } from '../../../src/plan/rollout/conditions.ts';
import { explainRollout } from '../../../src/plan/why/explain.ts';
import { RECORDER, World } from './simulation.ts';

describe('an update of a Rollout of size 0', () => {
  for (const pingPong of [false, true])
    it(`is promoted though no weight can be set${pingPong ? ', behind a ping-pong pair, too' : ''}`, () => {
      const services = pingPong
        ? { pingPong: { pingService: 'demo-ping', pongService: 'demo-pong' } }
        : { stableService: 'demo-stable', canaryService: 'demo-canary' };
      const world = new World({
        replicas: 4,
        canary: {
          ...services,
          trafficRouting: { plugins: { [RECORDER]: {} } },
          steps: [{ setWeight: 40 }],
        },
        confirmsAfterMs: 0,
      });
      world.until('Healthy').scale(0).until('Healthy').image('v2').wait(60_000);
      const { phase, stableRS, currentPodHash } = world.status();
      assert.deepEqual([phase, stableRS], ['Healthy', currentPodHash], explainRollout(world.snapshot()).text);
      world.scale(4).until('Healthy');
      assert.equal(world.status().availableReplicas, 4);
    });
});

describe('a version that has its name of stable, and no pods', () => {
  it('is late though pods of the one before stay', () => {
    const world = new World({
      replicas: 2,
      blueGreen: { activeService: 'demo-active' },
      spec: { progressDeadlineSeconds: 60 },
      readyAfterMs: (image) => (image === 'v1' ? 1_500 : Infinity),
    });
    world.wait(1_000).image('v2').wait(65_000);
    const { stableRS, currentPodHash } = world.status();
    assert.equal(stableRS, currentPodHash);
    assert.equal(conditionOf(world.status(), 'Progressing')?.reason, 'ProgressDeadlineExceeded');
  });
});

describe('a promotion whose route can not be written', () => {
  it('does not move the stable Service back and forth', () => {
    const world = new World({
      replicas: 2,
      canary: {
        stableService: 'demo-stable',
        canaryService: 'demo-canary',
        trafficRouting: { plugins: { [RECORDER]: {} } },
      },
    });
    world.until('Healthy').image('v2');
    world.routerError = 'the router is down';
    world.wait(30_000);
    assert.equal(world.status().phase, 'Progressing');
    assert.ok((world.writes['setServiceSelector'] ?? 0) <= 4, JSON.stringify(world.writes));
  });
});
