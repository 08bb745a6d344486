/**
 * The complete ordered lists of what users read of a canary and of a blue-green (specs 03, 04 and 08), with the writes
 * around them: an Event is one write, in order, and goes before the status that it explains; a verdict goes before its
 * Event.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EVENT, ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { podTemplateHash } from '../../src/lang/pod-hash.ts';
import { MINUTE, System, blueGreenYaml, rolloutYaml } from './world.ts';

const podTemplate = (tag: string): JsonObject => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image: `app:${tag}`, ports: [{ containerPort: 8080 }] }] },
});
const image = (tag: string): JsonObject => ({ spec: { template: podTemplate(tag) } });
const named = (text: string): string =>
  ['v1', 'v2'].reduce((all, tag) => all.replaceAll(podTemplateHash(podTemplate(tag)), tag), text);

/** What was written since the last call: Events as `Reason: text` (a repeat as `again Reason: text`), other writes as `> what`. */
async function told(system: System): Promise<string[]> {
  const events = new Map(
    (await system.api.list(EVENT, {})).items.map((event) => [event.metadata.name, event]),
  );
  const lines = system.writes.map(({ verb, type, subresource, name }) => {
    if (type !== EVENT) return `> ${subresource ?? `${verb} ${type.kind} ${name}`}`;
    const event = events.get(name);
    const prefix = `${verb === 'patch' ? 'again ' : ''}${event?.['type'] === 'Warning' ? 'W ' : ''}`;
    return `${prefix}${String(event?.['reason'])}: ${String(event?.['message'])}`;
  });
  system.writes.length = 0;
  return lines.map(named);
}

describe('golden events', () => {
  it('of a canary that is deployed, updated, aborted, retried and promoted', async () => {
    await using system = new System();
    await system.create(rolloutYaml('web', { replicas: 1, steps: '[{setWeight: 50}, {pause: {}}]' }));
    await system.clock.advance(MINUTE);
    assert.deepEqual(await told(system), [
      '> patch Rollout web',
      '> create ReplicaSet web-v1',
      'RolloutAddedToInformer: Rollout resource added to informer: shop/web',
      'RolloutUpdated: Rollout updated to revision 1',
      'NewReplicaSetCreated: Created ReplicaSet web-v1 (revision 1)',
      'RolloutNotCompleted: Rollout not completed, started update to revision 1 (v1)',
      '> status',
      'ScalingReplicaSet: Scaled up ReplicaSet web-v1 (revision 1) from 0 to 1',
      'RolloutCompleted: Rollout completed update to revision 1 (v1): Initial deploy',
      '> status',
      '> status',
    ]);

    await system.merge(ROLLOUT, 'web', image('v2'));
    await system.clock.advance(MINUTE);
    assert.deepEqual(await told(system), [
      '> patch Rollout web',
      '> create ReplicaSet web-v2',
      'RolloutUpdated: Rollout updated to revision 2',
      'NewReplicaSetCreated: Created ReplicaSet web-v2 (revision 2)',
      'RolloutNotCompleted: Rollout not completed, started update to revision 2 (v2)',
      '> status',
      'ScalingReplicaSet: Scaled up ReplicaSet web-v2 (revision 2) from 0 to 1',
      'RolloutStepCompleted: Rollout step 1/2 completed (setWeight: 50)',
      '> status',
      'RolloutPaused: Rollout is paused (CanaryPauseStep)',
      '> status',
    ]);

    await system.setStatus('web', { abort: true });
    await system.clock.advance(MINUTE);
    assert.deepEqual(await told(system), [
      '> status',
      'W RolloutAborted: Rollout aborted update to revision 2',
      '> patch ReplicaSet web-v2',
      'ScalingReplicaSet: Scaled down ReplicaSet web-v2 (revision 2) from 1 to 0',
    ]);

    await system.setStatus('web', { abort: false });
    await system.clock.advance(MINUTE);
    assert.deepEqual(await told(system), [
      '> status',
      '> patch ReplicaSet web-v2',
      'again ScalingReplicaSet: Scaled up ReplicaSet web-v2 (revision 2) from 0 to 1',
      'again RolloutStepCompleted: Rollout step 1/2 completed (setWeight: 50)',
      '> status',
      'again RolloutPaused: Rollout is paused (CanaryPauseStep)',
      '> status',
    ]);

    await system.setStatus('web', { pauseConditions: null });
    await system.clock.advance(MINUTE);
    assert.deepEqual(await told(system), [
      'RolloutStepCompleted: Rollout step 2/2 completed (pause)',
      '> status',
      '> patch ReplicaSet web-v1',
      'ScalingReplicaSet: Scaled down ReplicaSet web-v1 (revision 1) from 1 to 0',
      'RolloutCompleted: Rollout completed update to revision 2 (v2): Completed all 2 canary steps',
      '> status',
    ]);
  });

  it('of a blue-green that is deployed, updated and promoted', async () => {
    await using system = new System();
    const strategy = '{activeService: active, previewService: preview, autoPromotionEnabled: false}';
    await system.create(blueGreenYaml('web', 3, strategy));
    await system.clock.advance(MINUTE);
    assert.deepEqual(await told(system), [
      '> patch Rollout web',
      '> create ReplicaSet web-v1',
      '> patch Service preview',
      'RolloutAddedToInformer: Rollout resource added to informer: shop/web',
      'RolloutUpdated: Rollout updated to revision 1',
      'NewReplicaSetCreated: Created ReplicaSet web-v1 (revision 1)',
      "SwitchService: Switched selector for service 'preview' from '' to 'v1'",
      'ScalingReplicaSet: Scaled up ReplicaSet web-v1 (revision 1) from 0 to 3',
      'RolloutCompleted: Rollout completed update to revision 1 (v1): Initial deploy',
      '> status',
      '> patch Service active',
      "SwitchService: Switched selector for service 'active' from '' to 'v1'",
      '> status',
    ]);

    await system.merge(ROLLOUT, 'web', image('v2'));
    await system.clock.advance(MINUTE);
    assert.deepEqual(await told(system), [
      '> patch Rollout web',
      '> create ReplicaSet web-v2',
      '> patch Service preview',
      'RolloutUpdated: Rollout updated to revision 2',
      'NewReplicaSetCreated: Created ReplicaSet web-v2 (revision 2)',
      "SwitchService: Switched selector for service 'preview' from 'v1' to 'v2'",
      'RolloutNotCompleted: Rollout not completed, started update to revision 2 (v2)',
      'ScalingReplicaSet: Scaled up ReplicaSet web-v2 (revision 2) from 0 to 3',
      '> status',
      'RolloutPaused: Rollout is paused (BlueGreenPause)',
      '> status',
    ]);

    await system.setStatus('web', { pauseConditions: null });
    await system.clock.advance(MINUTE);
    assert.deepEqual(await told(system), [
      '> patch Service active',
      "SwitchService: Switched selector for service 'active' from 'v1' to 'v2'",
      'RolloutCompleted: Rollout completed update to revision 2 (v2): Completed blue-green update',
      '> status',
      '> patch ReplicaSet web-v1',
      '> patch ReplicaSet web-v1',
      'ScalingReplicaSet: Scaled down ReplicaSet web-v1 (revision 1) from 3 to 0',
      '> status',
    ]);
  });
});
