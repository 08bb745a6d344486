/**
 * How soon a Rollout shows that it has heard, on the virtual clock: what is measured is waiting that somebody built in,
 * not the speed of the machine. Every version of the object is seen, as a watch of a person sees it.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutStatus } from '../../src/api/rollout.ts';
import { POD, REPLICA_SET, ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { deepEqual } from '../../src/lang/json.ts';
import { MINUTE, NAMESPACE, System, blueGreenYaml, rolloutYaml } from './world.ts';

interface Seen {
  readonly at: number;
  readonly generation: number;
  readonly status: RolloutStatus;
}

/** All versions of the Rollout `web` from now on. */
function follow(system: System): Seen[] {
  const seen: Seen[] = [];
  const watch = async (): Promise<void> => {
    const { resourceVersion } = await system.api.list(ROLLOUT, { namespace: NAMESPACE });
    const options = { namespace: NAMESPACE, resourceVersion, timeoutSeconds: 86_400 };
    for await (const { type, object } of system.api.watch(ROLLOUT, options))
      if (type === 'MODIFIED' && object.metadata.name === 'web')
        seen.push({
          at: system.clock.now(),
          generation: object.metadata.generation ?? 0,
          status: (object['status'] ?? {}) as RolloutStatus,
        });
  };
  watch().catch(() => {});
  return seen;
}

const image = (tag: string): JsonObject => ({
  spec: { template: { spec: { containers: [{ name: 'app', image: `app:${tag}` }] } } },
});

async function deployed(yaml: string): Promise<System> {
  const system = new System();
  await system.create(yaml);
  await system.clock.advance(MINUTE);
  assert.equal((await system.rollout('web')).phase, 'Healthy');
  return system;
}

const STEPS = '[{setWeight: 25}, {pause: {}}, {pause: {}}, {setWeight: 50}, {pause: {}}]';
const MANUAL = blueGreenYaml(
  'web',
  3,
  '{activeService: active, previewService: preview, autoPromotionEnabled: false}',
);

const edits: readonly [string, JsonObject][] = [
  ['a new template', image('v2')],
  ['the size', { spec: { replicas: 6 } }],
  ['spec.paused', { spec: { paused: true } }],
  ['the steps', { spec: { strategy: { canary: { steps: [{ setWeight: 10 }] } } } }],
  ['minReadySeconds', { spec: { minReadySeconds: 3 } }],
  ['the deadline', { spec: { progressDeadlineSeconds: 1200 } }],
  ['something that is wrong', { spec: { strategy: { canary: { maxSurge: 0, maxUnavailable: 0 } } } }],
];

describe('a change of the spec is observed within 300 ms', () => {
  for (const [what, edit] of edits)
    it(what, async () => {
      await using system = await deployed(rolloutYaml('web', { replicas: 4, steps: STEPS }));
      await system.merge(ROLLOUT, 'web', edit);
      await system.clock.advance(300);
      const { metadata, ...object } = await system.get(ROLLOUT, 'web');
      const { observedGeneration } = object['status'] as RolloutStatus;
      assert.equal(observedGeneration, String(metadata.generation));
    });

  it('also in the middle of an update, and while pods are awaited', async () => {
    await using system = await deployed(rolloutYaml('web', { replicas: 4, steps: STEPS }));
    await system.merge(ROLLOUT, 'web', image('bad'));
    await system.clock.advance(MINUTE);
    await system.merge(ROLLOUT, 'web', { spec: { progressDeadlineSeconds: 1200 } });
    await system.clock.advance(300);
    const { metadata, ...object } = await system.get(ROLLOUT, 'web');
    assert.equal((object['status'] as RolloutStatus).observedGeneration, String(metadata.generation));
  });
});

describe('a new version', () => {
  for (const [what, yaml] of [
    ['of a canary', rolloutYaml('web', { replicas: 4, steps: STEPS })],
    ['of a blue-green', MANUAL],
  ] as const)
    it(`${what} has its ReplicaSet within 700 ms`, async () => {
      await using system = await deployed(yaml);
      await system.merge(ROLLOUT, 'web', image('v2'));
      await system.clock.advance(700);
      const { items } = await system.api.list(REPLICA_SET, { namespace: NAMESPACE });
      assert.equal(items.length, 2);
    });
});

describe('a promotion', () => {
  it('shows within 300 ms: in the next pause, and at the end without controllerPause', async () => {
    await using system = await deployed(rolloutYaml('web', { replicas: 4, steps: STEPS }));
    await system.merge(ROLLOUT, 'web', image('v2'));
    await system.clock.advance(MINUTE);
    const before = await system.rollout('web');
    assert.deepEqual([before.phase, before.currentStepIndex, before.controllerPause], ['Paused', 1, true]);
    await system.setStatus('web', { pauseConditions: null });
    await system.clock.advance(300);
    const next = await system.rollout('web');
    assert.deepEqual([next.phase, next.currentStepIndex, next.controllerPause], ['Paused', 2, true]);
    assert.equal(next.pauseConditions?.length, 1);
    assert.ok(!deepEqual(next.pauseConditions, before.pauseConditions));
    await system.setStatus('web', { pauseConditions: null });
    await system.clock.advance(300);
    const moving = await system.rollout('web');
    assert.deepEqual([moving.currentStepIndex, moving.controllerPause], [3, undefined]);
    await system.clock.advance(MINUTE);
    await system.setStatus('web', { pauseConditions: null });
    await system.clock.advance(300);
    const { controllerPause, pauseConditions, currentStepIndex } = await system.rollout('web');
    assert.deepEqual([controllerPause, pauseConditions, currentStepIndex], [undefined, undefined, 5]);
  });

  it('of a paused blue-green is one status: selector, stable version, pause and phase', async () => {
    await using system = await deployed(MANUAL);
    await system.merge(ROLLOUT, 'web', image('v2'));
    await system.clock.advance(MINUTE);
    const paused = await system.rollout('web');
    assert.deepEqual([paused.phase, paused.controllerPause], ['Paused', true]);
    const seen = follow(system);
    await system.clock.advance(1);
    await system.setStatus('web', { pauseConditions: null });
    await system.clock.advance(300);

    const own = seen.filter(({ status }) => status.phase !== 'Paused');
    assert.equal(own.length, 1, 'one patch');
    const { status } = own[0] as Seen;
    assert.deepEqual(
      [status.phase, status.blueGreen?.activeSelector, status.stableRS, status.controllerPause],
      ['Healthy', paused.currentPodHash, paused.currentPodHash, undefined],
    );
    assert.equal(status.pauseConditions, undefined);
    assert.notEqual(paused.stableRS, paused.currentPodHash);
  });
});

describe('metadata of running pods', () => {
  it('is there a second after its role or its text has changed', async () => {
    const metadata =
      '      canaryMetadata: {labels: {role: canary}}\n      stableMetadata: {labels: {role: stable}}\n';
    await using system = await deployed(rolloutYaml('web', { replicas: 4, steps: STEPS, canary: metadata }));
    const roles = async (): Promise<string[]> =>
      (await system.api.list(POD, { namespace: NAMESPACE, labelSelector: 'app=web' })).items
        .filter((pod) => pod.metadata.deletionTimestamp === undefined)
        .map((pod) => pod.metadata.labels?.['role'] ?? '')
        .sort();
    assert.deepEqual(await roles(), ['stable', 'stable', 'stable', 'stable']);
    await system.merge(ROLLOUT, 'web', {
      spec: { strategy: { canary: { stableMetadata: { labels: { role: 'main' } } } } },
    });
    await system.clock.advance(1_000);
    assert.deepEqual(await roles(), ['main', 'main', 'main', 'main']);

    await system.merge(ROLLOUT, 'web', image('v2'));
    await system.clock.advance(MINUTE);
    assert.deepEqual(await roles(), ['canary', 'main', 'main', 'main']);
    await system.setStatus('web', { promoteFull: true });
    let promotedAt: number | undefined;
    for (let i = 0; i < 600 && promotedAt === undefined; i++) {
      await system.clock.advance(100);
      const { stableRS, currentPodHash } = await system.rollout('web');
      if (stableRS === currentPodHash) promotedAt = system.clock.now();
    }
    await system.clock.advance(1_000);
    assert.deepEqual(await roles(), ['main', 'main', 'main', 'main']);
  });
});
