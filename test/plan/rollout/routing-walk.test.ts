/** Random lives of Rollouts behind the recorder: the world checks the rules of traffic at every write. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryStep, CanaryStrategy } from '../../../src/api/rollout.ts';
import { seededRandom } from '../../../src/sandbox/index.ts';
import { RECORDER, World } from './simulation.ts';

const ROUTE = (name: string, match: boolean): CanaryStep =>
  name === 'h'
    ? {
        setHeaderRoute: {
          name,
          ...(match ? { match: [{ headerName: 'x', headerValue: { exact: 'y' } }] } : {}),
        },
      }
    : { setMirrorRoute: { name, ...(match ? { match: [{ method: { exact: 'GET' } }] } : {}) } };

interface Walk {
  readonly world: World;
  readonly pick: <T>(...items: readonly T[]) => T;
}

function begin(seed: number): Walk {
  const next = seededRandom(seed);
  const pick = <T>(...items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;
  const max = pick(100, 100, 1000);
  const step = (): CanaryStep =>
    pick<() => CanaryStep>(
      () => ({ setWeight: pick(0, 5, 20, 40, 60, 80, 100) * (max / 100) }),
      () => ({ pause: {} }),
      () => ({ pause: { duration: 5 } }),
      () => ROUTE(pick('h', 'm'), pick(true, true, false)),
      () => ({ setCanaryScale: pick({ replicas: 2 }, { weight: 50 }, { matchTrafficWeight: true }) }),
    )();
  const dynamic = pick(true, true, false);
  const pair = pick(true, false, false);
  const delay = pick(undefined, undefined, 0, 20);
  const threshold = pick(undefined, undefined, { type: 'Percent', value: 60 });
  const canary: CanaryStrategy = {
    trafficRouting: {
      plugins: { [RECORDER]: {} },
      managedRoutes: [{ name: 'm' }, { name: 'h' }],
      ...(max === 100 ? {} : { maxTrafficWeight: max }),
    },
    ...(pair
      ? { pingPong: { pingService: 'ping', pongService: 'pong' } }
      : { canaryService: 'canary', stableService: 'stable' }),
    ...(dynamic ? { dynamicStableScale: true } : {}),
    ...(delay === undefined ? {} : { abortScaleDownDelaySeconds: delay }),
    ...(threshold === undefined ? {} : { replicaProgressThreshold: threshold }),
    ...(pick(true, false) ? { minPodsPerReplicaSet: 2 } : {}),
    steps: Array.from({ length: pick(0, 2, 4, 6, 8) }, step),
  };
  const confirmsAfterMs = pick(undefined, undefined, 0, 12_000);
  const scaled = (canary.steps ?? []).some(({ setCanaryScale }) => setCanaryScale !== undefined);
  const world = new World({
    replicas: pick(1, 2, 3, 5, 10),
    canary,
    ...(confirmsAfterMs === undefined ? {} : { confirmsAfterMs }),
    // A threshold and an explicit scale are the user's word against rule 1.
    exempt: threshold !== undefined || scaled ? ['1'] : [],
    readyAfterMs: (image) => (image === 'v6' ? Infinity : 1_000 + Number(image.slice(1)) * 400),
  });
  return { world: world.until('Healthy'), pick };
}

let version = 1;
function act({ world, pick }: Walk): void {
  pick<() => unknown>(
    () => world.image(`v${(version = (version % 6) + 1)}`),
    () => world.image('v1'),
    () => world.abort(),
    () => world.retry(),
    () => world.promote(),
    () => world.promote(),
    () => world.promote(),
    () => world.promoteFull(),
    () => world.scale(pick(1, 2, 3, 5, 8, 10)),
    () => world.kill(pick(1, 2, 3), pick(1, 2, 5)),
    () => world.rewriteRoute({ managed: [] }),
    () => world.rewriteRoute({ weight: pick(0, 10, 50) }),
    () => void (world.routeWritesToLose = 1),
    () =>
      world.user('edit the steps', (rollout) => {
        const canary = rollout.spec.strategy?.canary;
        assert.ok(canary !== undefined);
        canary.steps = (canary.steps ?? []).toReversed();
      }),
    () => world.user('set spec.paused', (rollout) => void (rollout.spec.paused = true)),
    () => world.user('clear spec.paused', (rollout) => void (rollout.spec.paused = false)),
  )();
}

describe('random lives behind the recorder', () => {
  const seeds = Number(process.env['WALKS'] ?? 60);
  it(`${seeds} of them break no rule, and end where they were sent`, () => {
    for (let seed = 1; seed <= seeds; seed++) {
      version = 1;
      const walk = begin(seed);
      const { world, pick } = walk;
      try {
        for (let i = 0; i < 25; i++) {
          act(walk);
          world.wait(pick(0, 60, 700, 3_000, 15_000, 60_000));
        }
        world.user('clear spec.paused', (rollout) => void (rollout.spec.paused = false));
        world.scale(5).image('v1').wait(60_000);
        world.promoteFull().wait(120_000);
        const { phase, stableRS, currentPodHash } = world.status();
        assert.deepEqual([phase, stableRS], ['Healthy', currentPodHash]);
        assert.equal(world.route, 0);
        assert.deepEqual([...world.routes.values()][0]?.view.managed, []);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        throw new Error(`walk ${seed}: ${text}\n${world.story.slice(-40).join('\n')}`, { cause: error });
      }
    }
  });
});
