/** What needs a router that can do everything, with the real controller on an embedded API server. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/kube/api.ts';
import { ApiError } from '../../../src/kube/api.ts';
import { CONFIG_MAP, EVENT, REPLICA_SET } from '../../../src/kube/kinds.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { gatherOnce } from '../../../src/control/rollout/gather-once.ts';
import { explainRollout } from '../../../src/plan/why/explain.ts';
import type { Router } from '../../../src/routers/types.ts';
import { recorder, RECORDER_ROUTING } from '../../routers/recorder.ts';
import type { WorldOptions } from './world.ts';
import { ClusterWorld, NAMESPACE } from './world.ts';

const HEADER = {
  setHeaderRoute: { name: 'debug', match: [{ headerName: 'x', headerValue: { exact: 'y' } }] },
};
const MIRROR = { setMirrorRoute: { name: 'shadow', match: [{ method: { exact: 'GET' } }], percentage: 5 } };
const ROUTED = {
  canaryService: 'demo-canary',
  stableService: 'demo-stable',
  trafficRouting: { ...RECORDER_ROUTING, managedRoutes: [{ name: 'debug' }, { name: 'shadow' }] },
};
const PAUSED = [{ setWeight: 25 }, { pause: {} }, { setWeight: 50 }, { pause: {} }];

async function start(strategy: JsonObject, options: WorldOptions = {}, router: Pick<Router, 'verify'> = {}) {
  const world = new ClusterWorld({ ...options, routers: [recorder(router)] }).start();
  await world.addServices(['demo-stable', 'demo-canary', 'ping', 'pong']);
  await world.deploy(strategy);
  await world.until('Healthy');
  await world.clock.advance(10_000);
  return world;
}

async function routes(world: ClusterWorld): Promise<Record<string, string>> {
  const data = async (name: string): Promise<Record<string, string>> =>
    (await world.api.get(CONFIG_MAP, { namespace: NAMESPACE, name }))['data'] as Record<string, string>;
  const { canary = '', stable = '' } = await data('demo-versions');
  return { ...(await data('demo-weights')), canaryHash: canary, stableHash: stable };
}

const managed = async (world: ClusterWorld): Promise<unknown> =>
  JSON.parse((await routes(world))['managed'] ?? '[]');

async function sizes(world: ClusterWorld): Promise<number[]> {
  const { items } = await world.api.list(REPLICA_SET, { namespace: NAMESPACE });
  const revision = (rs: KubeObject): number =>
    Number(rs.metadata.annotations?.['rollout.argoproj.io/revision']);
  return items
    .toSorted((a, b) => revision(a) - revision(b))
    .map((rs) => (rs['spec'] as { replicas: number }).replicas);
}

const messages = async (world: ClusterWorld, reason: string): Promise<string[]> =>
  (await world.api.list(EVENT, { namespace: NAMESPACE })).items
    .filter((event) => event['reason'] === reason)
    .map((event) => String(event['message']));

describe('header and mirror routes on an embedded cluster', () => {
  it('come with their step, and leave with an abort before its status', async () => {
    const world = await start({ ...ROUTED, steps: [{ setWeight: 25 }, HEADER, MIRROR, { pause: {} }] });
    const before = await routes(world);
    assert.equal(before['canaryHash'], before['stableHash']);
    await world.image('v2');
    const status = await world.until('Paused', 3);
    assert.deepEqual(await managed(world), [HEADER, MIRROR]);
    const now = await routes(world);
    assert.deepEqual(
      [now['canary'], now['stable'], now['canaryHash'], now['stableHash']],
      ['25', '75', status.currentPodHash, status.stableRS],
    );
    world.writes.length = 0;
    await world.patchStatus({ abort: true });
    await world.until('Degraded');
    assert.deepEqual(world.writes.slice(0, 2), ['patch configmaps', 'patch rollouts/status']);
    assert.deepEqual(await managed(world), []);
    assert.equal((await routes(world))['canary'], '0');
    await world.clock.advance(60_000);
    assert.deepEqual(await sizes(world), [4, 0]);
    assert.deepEqual(world.log, []);
    await world.stop();
  });

  it('stay, and so do the pods behind them, while the router refuses to let go; the verdict does not wait', async () => {
    let broken = false;
    const world = await start(
      { ...ROUTED, steps: [{ setCanaryScale: { replicas: 1 } }, HEADER, { pause: {} }] },
      {
        intercept: async (call, next) => {
          if (broken && call.verb === 'patch' && call.type.kind === 'ConfigMap')
            throw new ApiError({ code: 500, reason: 'InternalError', message: 'the webhook is down' });
          return next();
        },
      },
    );
    await world.image('v2');
    await world.until('Paused', 2);
    broken = true;
    await world.patchStatus({ abort: true });
    await world.until('Degraded');
    await world.clock.advance(120_000);
    assert.deepEqual(await managed(world), [HEADER]);
    assert.deepEqual(await sizes(world), [4, 1]);
    assert.ok((await world.events()).includes('TrafficRoutingError'));
    broken = false;
    await world.clock.advance(120_000);
    assert.deepEqual(await managed(world), []);
    assert.deepEqual(await sizes(world), [4, 0]);
    await world.stop();
  });

  it('are put back when somebody removes one, and when the server lost a write', async () => {
    let lose = 0;
    const world: ClusterWorld = await start(
      { ...ROUTED, steps: [{ setWeight: 25 }, HEADER, { pause: {} }] },
      {
        intercept: async (call, next) => {
          if (lose > 0 && call.verb === 'patch' && call.type.kind === 'ConfigMap') {
            lose--;
            const unchanged = await world.api.get(CONFIG_MAP, { namespace: NAMESPACE, name: 'demo-weights' });
            return unchanged as unknown as Awaited<ReturnType<typeof next>>;
          }
          return next();
        },
      },
    );
    await world.image('v2');
    await world.until('Paused', 2);
    const rewrite = (data: JsonObject): Promise<KubeObject> =>
      world.api.patch(
        CONFIG_MAP,
        { namespace: NAMESPACE, name: 'demo-weights' },
        { type: 'merge', body: { data } },
      );
    await rewrite({ managed: '[]', canary: '90', stable: '10' });
    await world.clock.advance(1_000);
    assert.deepEqual(await managed(world), [HEADER]);
    assert.equal((await routes(world))['canary'], '25');
    lose = 2;
    world.writes.length = 0;
    await rewrite({ managed: '[]' });
    await world.clock.advance(60_000);
    assert.deepEqual(await managed(world), [HEADER]);
    assert.deepEqual(world.writes, ['patch configmaps', 'patch configmaps', 'patch configmaps']);
    await world.stop();
  });
});

describe('dynamicStableScale on an embedded cluster', () => {
  it('goes back by the steps on abort, and to the end', async () => {
    const world = await start({ ...ROUTED, dynamicStableScale: true, steps: PAUSED });
    await world.image('v2');
    await world.until('Paused', 1);
    await world.clock.advance(5_000);
    assert.deepEqual(await sizes(world), [3, 1]);
    await world.patchStatus({ pauseConditions: null });
    await world.until('Paused', 3);
    await world.clock.advance(5_000);
    assert.deepEqual(await sizes(world), [2, 2]);
    await world.patchStatus({ abort: true });
    await world.until('Degraded');
    assert.equal((await routes(world))['canary'], '50', 'stable is too small to take it');
    await world.clock.advance(60_000);
    assert.deepEqual(await sizes(world), [4, 0]);
    assert.deepEqual((await messages(world, 'TrafficWeightUpdated')).slice(-2), [
      'Traffic weight updated from 50 to 25',
      'Traffic weight updated from 25 to 0',
    ]);
    await world.patchStatus({ abort: false });
    await world.until('Paused', 1);
    await world.patchStatus({ promoteFull: true });
    await world.until('Healthy');
    await world.clock.advance(5_000);
    assert.deepEqual(await sizes(world), [0, 4]);
    assert.deepEqual(world.log, []);
    await world.stop();
  });
});

describe('a ping-pong pair on an embedded cluster', () => {
  const strategy = {
    pingPong: { pingService: 'ping', pongService: 'pong' },
    trafficRouting: RECORDER_ROUTING,
    steps: PAUSED,
  };

  it('swaps its parts with each promotion, and nothing else moves', async () => {
    const world = await start(strategy);
    const first = await world.status();
    assert.equal(first.canary?.stablePingPong, 'ping');
    assert.deepEqual(
      [await world.selector('ping'), await world.selector('pong')],
      [first.stableRS, undefined],
    );
    await world.image('v2');
    const paused = await world.until('Paused', 1);
    assert.deepEqual(
      [await world.selector('ping'), await world.selector('pong')],
      [paused.stableRS, paused.currentPodHash],
    );
    await world.patchStatus({ promoteFull: true });
    const status = await world.until('Healthy');
    await world.clock.advance(60_000);
    assert.equal(status.canary?.stablePingPong, 'pong');
    const { canaryService, stableService, canary, stable } = await routes(world);
    assert.deepEqual([canaryService, stableService, canary, stable], ['ping', 'pong', '0', '100']);
    assert.equal(await world.selector('pong'), status.stableRS);
    assert.deepEqual(await sizes(world), [0, 4]);
    assert.deepEqual(world.log, []);
    await world.stop();
  });

  it('ends in the same state when the controller dies at any write of the promotion', async () => {
    for (let nth = 1; nth <= 4; nth++) {
      let left = Infinity;
      const world: ClusterWorld = await start(strategy, {
        intercept: async (call, next) => {
          if (['create', 'patch'].includes(call.verb) && call.type.kind !== 'Event' && --left === 0) {
            const answer = await next();
            world.crash();
            return answer;
          }
          return next();
        },
      });
      await world.image('v2');
      await world.until('Paused', 1);
      left = nth;
      await world.patchStatus({ promoteFull: true });
      await world.clock.advance(5_000);
      left = Infinity;
      world.startController();
      await world.clock.advance(60_000);
      const status = await world.until('Healthy');
      const { canaryService, canary, stable, stableHash } = await routes(world);
      assert.deepEqual(
        [status.canary?.stablePingPong, canaryService, canary, stable, stableHash],
        ['pong', 'ping', '0', '100', status.currentPodHash],
        `after a crash at write ${nth}`,
      );
      assert.equal(await world.selector('pong'), status.currentPodHash);
      await world.stop();
    }
  });
});

describe('confirmation of weights on an embedded cluster', () => {
  const strategy = { ...ROUTED, steps: PAUSED };

  it('at once: each step goes on', async () => {
    const asked: number[] = [];
    const world = await start(
      strategy,
      {},
      {
        verify: async (_, { weight }) => {
          asked.push(weight);
          return true;
        },
      },
    );
    await world.image('v2');
    const status = await world.until('Paused', 1);
    assert.equal(status.canary?.weights?.verified, true);
    await world.patchStatus({ pauseConditions: null });
    await world.until('Paused', 3);
    await world.patchStatus({ pauseConditions: null });
    await world.until('Healthy');
    assert.deepEqual([...new Set(asked)], [0, 25, 50, 100]);
    await world.stop();
  });

  it('who asks `why` takes the answer from the record, and does not ask the data plane', async () => {
    const verify = async (): Promise<boolean> => true;
    const world = await start(strategy, {}, { verify });
    await world.image('v2');
    await world.until('Paused', 1);
    const look = await gatherOnce(world.api, await world.rollout(), {
      now: world.clock.now(),
      signal: new AbortController().signal,
      onDenied: () => {},
      routers: [recorder({ verify })],
    });
    assert.deepEqual(
      look.routes.map(({ weight, verified }) => [weight, verified]),
      [[25, true]],
    );
    assert.equal(explainRollout(look).cause, 'pause');
    await world.stop();
  });

  it('late: the step waits, and the router is asked every 10 s', async () => {
    let asked = 0;
    const world = await start(
      strategy,
      {},
      {
        verify: async (_, { weight }) => weight !== 25 || ++asked > 3,
      },
    );
    await world.image('v2');
    await world.clock.advance(15_000);
    const { currentStepIndex, canary } = await world.status();
    assert.deepEqual(
      [currentStepIndex, canary?.weights?.canary.weight, canary?.weights?.verified],
      [0, 25, false],
    );
    await world.until('Paused', 1);
    assert.equal(asked, 4);
    await world.stop();
  });

  it('never: nothing is promoted, the deadline passes, and an abort works', async () => {
    let asked = 0;
    const world = await start(
      strategy,
      {},
      {
        verify: async (_, { weight }) => {
          asked++;
          return weight === 0;
        },
      },
    );
    await world.image('v2');
    await world.clock.advance(5_000);
    world.writes.length = 0;
    asked = 0;
    await world.clock.advance(300_000);
    assert.ok(asked <= 31, `asked ${asked} times in 300 s`);
    assert.deepEqual(world.writes, []);
    const status = await world.until('Degraded');
    assert.match(status.message ?? '', /ProgressDeadlineExceeded/);
    await world.patchStatus({ abort: true });
    await world.clock.advance(2_000);
    assert.equal((await routes(world))['canary'], '0');
    await world.stop();
  });

  it('a question that hangs or fails holds up no abort, and is told', async () => {
    let hang = true;
    const world = await start(
      strategy,
      {},
      {
        verify: async (_, { weight }) => {
          if (weight === 0) return true;
          if (hang) return new Promise<boolean>(() => {});
          throw new Error('the load balancer is away');
        },
      },
    );
    await world.image('v2');
    await world.clock.advance(3_000);
    assert.equal((await routes(world))['canary'], '25');
    await world.patchStatus({ abort: true });
    await world.until('Degraded', undefined, 1_000);
    assert.equal((await routes(world))['canary'], '0');
    hang = false;
    await world.patchStatus({ abort: false });
    await world.clock.advance(30_000);
    const told = await messages(world, 'WeightVerifyError');
    assert.ok(told.includes('Failed to verify weight: the load balancer is away'), told.join('\n'));
    await world.stop();
  });
});
