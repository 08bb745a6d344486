/** A Rollout that was a canary and becomes a blue-green, and back: with a new version in the same edit, and without. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { REPLICA_SET, ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { MINUTE, NAMESPACE, System, rolloutYaml, serviceYaml } from './world.ts';

const toBlueGreen: JsonObject = {
  canary: null,
  blueGreen: { activeService: 'active', previewService: 'preview', autoPromotionEnabled: false },
};
const toCanary: JsonObject = {
  blueGreen: null,
  canary: { steps: [{ setWeight: 50 }, { pause: {} }] },
};
const image = (tag: string): JsonObject => ({ spec: { containers: [{ name: 'app', image: `app:${tag}` }] } });

async function deployed(strategy?: JsonObject): Promise<System> {
  const system = new System();
  await system.create(
    serviceYaml('active', 'web') +
      serviceYaml('preview', 'web') +
      rolloutYaml('web', { replicas: 4, steps: '[{setWeight: 50}, {pause: {}}]' }),
  );
  if (strategy !== undefined) await system.merge(ROLLOUT, 'web', { spec: { strategy } });
  await system.clock.advance(MINUTE);
  assert.equal((await system.rollout('web')).phase, 'Healthy');
  return system;
}

const promote = async (system: System): Promise<void> => {
  await system.setStatus('web', { pauseConditions: null });
  await system.clock.advance(2 * MINUTE);
};

async function sizes(system: System): Promise<number[]> {
  const { items } = await system.api.list(REPLICA_SET, { namespace: NAMESPACE });
  return items.map((rs) => (rs['spec'] as { replicas: number }).replicas).toSorted();
}

const activeHash = async (system: System): Promise<string | undefined> =>
  ((await system.get(SERVICE, 'active'))['spec'] as { selector: Record<string, string> }).selector[
    'rollouts-pod-template-hash'
  ];

describe('a change of strategy', () => {
  it('alone rolls nothing: canary to blue-green, and back', async () => {
    await using system = await deployed();
    const { stableRS, stableRS: hash } = await system.rollout('web');
    await system.merge(ROLLOUT, 'web', { spec: { strategy: toBlueGreen } });
    await system.clock.advance(2 * MINUTE);
    const blueGreen = await system.rollout('web');
    assert.deepEqual([blueGreen.phase, blueGreen.stableRS], ['Healthy', stableRS]);
    assert.equal(await activeHash(system), hash);
    assert.deepEqual([blueGreen.currentStepIndex, blueGreen.currentStepHash], [undefined, undefined]);

    await system.merge(ROLLOUT, 'web', { spec: { strategy: toCanary } });
    await system.clock.advance(2 * MINUTE);
    const canary = await system.rollout('web');
    assert.deepEqual([canary.phase, canary.stableRS, canary.currentStepIndex], ['Healthy', stableRS, 2]);
    assert.deepEqual(canary.blueGreen, {});
    assert.deepEqual(await sizes(system), [4]);
    assert.equal(await activeHash(system), undefined, 'the Service is its own again');
  });

  it('to blue-green with a new version: stable takes the Service, the new one comes through its gate', async () => {
    await using system = await deployed();
    const { stableRS } = await system.rollout('web');
    await system.merge(ROLLOUT, 'web', { spec: { strategy: toBlueGreen, template: image('v2') } });
    await system.clock.advance(MINUTE);
    const paused = await system.rollout('web');
    assert.deepEqual([paused.phase, paused.message, paused.stableRS], ['Paused', 'BlueGreenPause', stableRS]);
    assert.equal(await activeHash(system), stableRS);
    assert.deepEqual(await sizes(system), [4, 4]);
    await promote(system);
    const { phase, stableRS: promoted, currentPodHash } = await system.rollout('web');
    assert.deepEqual([phase, promoted], ['Healthy', currentPodHash]);
    assert.equal(await activeHash(system), currentPodHash);
    assert.deepEqual(await sizes(system), [0, 4]);
  });

  it('to canary with a new version: by its steps', async () => {
    await using system = await deployed(toBlueGreen);
    await system.merge(ROLLOUT, 'web', { spec: { strategy: toCanary, template: image('v2') } });
    await system.clock.advance(MINUTE);
    const paused = await system.rollout('web');
    assert.deepEqual([paused.phase, paused.currentStepIndex], ['Paused', 1]);
    assert.deepEqual(await sizes(system), [2, 2]);
    await promote(system);
    assert.equal((await system.rollout('web')).phase, 'Healthy');
    assert.deepEqual(await sizes(system), [0, 4]);
    assert.deepEqual(system.problems, []);
  });

  it('in the middle of a canary gives up no pod of stable', async () => {
    await using system = await deployed();
    await system.merge(ROLLOUT, 'web', { spec: { template: image('v2') } });
    await system.clock.advance(MINUTE);
    assert.equal((await system.rollout('web')).phase, 'Paused');
    const { stableRS } = await system.rollout('web');
    await system.merge(ROLLOUT, 'web', { spec: { strategy: toBlueGreen } });
    await system.clock.advance(MINUTE);
    const paused = await system.rollout('web');
    assert.deepEqual([paused.phase, paused.message, paused.stableRS], ['Paused', 'BlueGreenPause', stableRS]);
    assert.deepEqual(await sizes(system), [4, 4]);
    await promote(system);
    assert.equal((await system.rollout('web')).phase, 'Healthy');
  });
});
