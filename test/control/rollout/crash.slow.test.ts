/** A crash between any two writes is harmless: the next process ends in the same state (invariant 14). */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiUnreachable } from '../../../src/kube/api.ts';
import { REPLICA_SET } from '../../../src/kube/kinds.ts';
import type { Interceptor } from '../../../src/sandbox/index.ts';
import { ClusterWorld, NAMESPACE, NGINX } from './world.ts';

const STEPS = [{ setWeight: 25 }, { pause: { duration: 3 } }, { setWeight: 50 }];

/** Runs one release; a process dies (or only believes that its write failed) at its `nth` write, and another one starts. */
async function release(
  nth: number,
  applied: boolean,
  lives = false,
): Promise<{ crashed: boolean; end: unknown }> {
  let writes = 0;
  let dead = false;
  let restart: (() => void) | undefined;
  const call: Interceptor['call'] = async (request, proceed) => {
    const isWrite = ['create', 'patch', 'replace', 'delete'].includes(request.verb);
    if (!isWrite || request.type.kind === 'Event') return proceed();
    writes++;
    if (writes !== nth) return proceed();
    if (applied) await proceed();
    dead = true;
    restart?.();
    throw new ApiUnreachable('the process is gone');
  };
  const world = new ClusterWorld({ intercept: call });
  restart = () => {
    if (!lives) world.crash();
    world.startController();
  };
  world.start();
  await world.addServices();
  await world.deploy({ ...NGINX, steps: STEPS });
  await world.until('Healthy');
  await world.image('v2');
  await world.until('Healthy');
  await world.clock.advance(60_000);
  const status = await world.status();
  const { items } = await world.api.list(REPLICA_SET, { namespace: NAMESPACE });
  const end = {
    stable: status.stableRS === status.currentPodHash,
    step: status.currentStepIndex,
    pauses: status.pauseConditions,
    completion: status.duration?.completionStatus,
    weight: await world.weight(),
    selected: (await world.selector('demo-stable')) === status.stableRS,
    sizes: items.map((rs) => (rs['spec'] as { replicas: number }).replicas).sort(),
    revisions: items.map((rs) => rs.metadata.annotations?.['rollout.argoproj.io/revision']).sort(),
  };
  await world.stop();
  return { crashed: dead, end };
}

describe('a crash at any write of a release', () => {
  for (const applied of [false, true]) {
    it(applied ? 'just after it was applied' : 'just before it was applied', async () => {
      const { end: expected } = await release(0, applied);
      for (let nth = 1; ; nth++) {
        const { crashed, end } = await release(nth, applied);
        if (!crashed) {
          assert.ok(nth > 15, `only ${nth} writes`);
          break;
        }
        assert.deepEqual(end, expected, `crash at write ${nth}`);
      }
    });
  }

  it('or two processes at once from any write on', async () => {
    const { end: expected } = await release(0, true, true);
    for (let nth = 1; nth <= 20; nth += 3) {
      const { end } = await release(nth, true, true);
      assert.deepEqual(end, expected, `two processes from write ${nth}`);
    }
  });
});
