/** Conditions in their life cycle (spec 01 sections 3.5 and 6), as the planner leaves them in the status. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RolloutCondition, RolloutStatus } from '../../../src/api/rollout.ts';
import { formatTime } from '../../../src/lang/time.ts';
import type { RolloutPlan, RolloutSnapshot } from '../../../src/plan/rollout/index.ts';
import { planRollout } from '../../../src/plan/rollout/index.ts';
import { World } from './simulation.ts';

const SECOND = 1_000;
const canary = { maxSurge: 1, maxUnavailable: 0, steps: [{ setWeight: 50 }, { pause: {} }] };
const world = (spec = {}): World => new World({ replicas: 2, canary, spec }).until('Healthy');
const bad = (image: string): number => (image === 'bad' ? Infinity : 1_500);

const conditionOf = (status: RolloutStatus | undefined, type: string): RolloutCondition | undefined =>
  status?.conditions?.find((condition) => condition.type === type);
const say = (status: RolloutStatus | undefined, type: string): string => {
  const condition = conditionOf(status, type);
  return condition === undefined ? '-' : `${condition.status} ${condition.reason}: ${condition.message}`;
};
const hashOf = (w: World): string => w.status().currentPodHash ?? '';

/** A plan for what the world is, with something changed that the world itself can't do. */
const planWith = (w: World, change: (snapshot: RolloutSnapshot) => RolloutSnapshot): RolloutPlan =>
  planRollout(change(w.snapshot()));

describe('Progressing', () => {
  const rows: readonly [string, () => World, (w: World) => string][] = [
    [
      'a finished version',
      () => world(),
      (w) => `True NewReplicaSetAvailable: ReplicaSet "demo-${hashOf(w)}" has successfully progressed.`,
    ],
    ['a pause', () => world().image('v2').until('Paused'), () => 'Unknown RolloutPaused: Rollout is paused'],
    [
      'a pause that someone ended',
      () =>
        new World({
          replicas: 2,
          canary: { ...canary, steps: [...canary.steps, { setWeight: 80 }] },
          readyAfterMs: bad,
        })
          .until('Healthy')
          .image('v2')
          .until('Paused')
          .promote()
          .run((w) => w.status().currentStepIndex === 2),
      () => 'Unknown RolloutResumed: Rollout is resumed',
    ],
    [
      'an abort',
      () => world().image('v2').until('Paused').abort().until('Degraded'),
      () => 'False RolloutAborted: Rollout aborted update to revision 2',
    ],
    [
      'a retry',
      () => {
        const w = world().image('v2').until('Paused').abort().until('Degraded').retry();
        const status = planRollout(w.snapshot()).status;
        w.writeStatus(status ?? {});
        return w;
      },
      () => 'Unknown RolloutRetry: Retrying Rollout after abort',
    ],
    [
      'a deadline that has passed',
      () =>
        new World({ replicas: 2, canary, spec: { progressDeadlineSeconds: 10 }, readyAfterMs: bad })
          .until('Healthy')
          .image('bad')
          .until('Degraded'),
      (w) => `False ProgressDeadlineExceeded: ReplicaSet "demo-${hashOf(w)}" has timed out progressing.`,
    ],
    [
      'pods of the finished version that are lost',
      () =>
        world()
          .kill(1, 1)
          .run((w) => w.status().phase === 'Progressing'),
      () => 'True ReplicaSetNotAvailable: Rollout does not have minimum availability',
    ],
    [
      'pods of it that are lost while old ones live out their delay, long after the last progress',
      () =>
        new World({
          replicas: 2,
          canary: {
            canaryService: 'canary',
            stableService: 'stable',
            trafficRouting: { nginx: { stableIngress: 'demo' } },
            scaleDownDelaySeconds: 120,
          },
          spec: { progressDeadlineSeconds: 20 },
        })
          .until('Healthy')
          .image('v2')
          .until('Progressing')
          .until('Healthy')
          .wait(15_000)
          .kill(2, 1, 10_000)
          .run((w) => w.status().phase === 'Progressing')
          .wait(7_000),
      () => 'True ReplicaSetNotAvailable: Rollout does not have minimum availability',
    ],
  ];
  for (const [name, tell, expected] of rows)
    it(name, () => {
      const w = tell();
      assert.equal(say(w.status(), 'Progressing'), expected(w));
    });

  it('a version that is new', () => {
    const w = world();
    w.edit((rollout) => {
      const template = structuredClone(rollout.spec.template ?? {});
      (template['spec'] as { containers: { image: string }[] }).containers = [{ image: 'app:v9' } as never];
      (template['spec'] as { containers: { name?: string }[] }).containers[0]!.name = 'app';
      rollout.spec.template = template;
    });
    const { status } = planRollout(w.snapshot());
    assert.equal(
      say(status, 'Progressing'),
      `True NewReplicaSetCreated: Created new replica set "demo-${status?.currentPodHash}"`,
    );
  });

  it('a ReplicaSet that was found, where nothing is on record', () => {
    const w = world().image('v2').until('Paused');
    const { status } = planWith(w, (snapshot) => {
      const { conditions: _, ...rest } = snapshot.rollout?.status ?? {};
      return { ...snapshot, rollout: { ...(snapshot.rollout as never as object), status: rest } as never };
    });
    assert.equal(
      say(status, 'Progressing'),
      `True FoundNewReplicaSet: Found new replica set "demo-${hashOf(w)}"`,
    );
  });
});

describe('a ReplicaSet that can not be created', () => {
  it('is a condition and a Warning, and holds up neither status nor verdict', () => {
    const w = world();
    w.image('v2');
    const created = planRollout(w.snapshot()).intents.find(({ kind }) => kind === 'createReplicaSet');
    const failed = [{ key: created?.key ?? '', reason: 'Error' as const, message: 'exceeded quota' }];
    const plan = planRollout(w.snapshot(failed));
    const name = `demo-${plan.status?.currentPodHash}`;
    const text = `Failed to create new replica set "${name}": exceeded quota`;
    assert.equal(say(plan.status, 'Progressing'), `False ReplicaSetCreateError: ${text}`);
    assert.deepEqual(
      plan.events
        .filter(({ type }) => type === 'Warning')
        .map(({ reason, message }) => `${reason}: ${message}`),
      [`ReplicaSetCreateError: ${text}`],
    );
    assert.equal(
      plan.intents.some(({ kind }) => kind === 'createReplicaSet'),
      false,
    );
    assert.equal(plan.status?.observedGeneration, String(w.rollout.metadata.generation));
  });
});

describe('ReplicaFailure', () => {
  const failing = (snapshot: RolloutSnapshot, index: number, message: string): RolloutSnapshot => ({
    ...snapshot,
    replicaSets: snapshot.replicaSets.map((rs, i) =>
      i === index
        ? {
            ...rs,
            status: {
              ...rs.status,
              conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }],
            },
          }
        : rs,
    ),
  });

  it('is copied from the new ReplicaSet, else from any, and goes with it', () => {
    const w = world().image('v2').until('Paused');
    const [old, fresh] = [...w.replicaSets.keys()].map((name) =>
      w.snapshot().replicaSets.findIndex((rs) => rs.metadata.name === name),
    );
    const both = planWith(w, (s) => failing(failing(s, old ?? 0, 'old'), fresh ?? 0, 'new'));
    assert.equal(say(both.status, 'ReplicaFailure'), 'True FailedCreate: new');
    const one = planWith(w, (s) => failing(s, old ?? 0, 'old'));
    assert.equal(say(one.status, 'ReplicaFailure'), 'True FailedCreate: old');
    w.writeStatus(one.status ?? {});
    assert.equal(say(planRollout(w.snapshot()).status, 'ReplicaFailure'), '-');
  });
});

describe('Paused, Completed, Available and Healthy', () => {
  const flags = (w: World): string =>
    ['Paused', 'Completed', 'Available', 'Healthy']
      .map((type) => `${type} ${conditionOf(w.status(), type)?.status ?? '-'}`)
      .join(', ');

  it('follow an update', () => {
    const w = world();
    assert.equal(flags(w), 'Paused -, Completed True, Available True, Healthy True');
    w.image('v2').until('Paused');
    assert.equal(flags(w), 'Paused True, Completed False, Available True, Healthy False');
    w.abort().until('Degraded');
    assert.equal(flags(w), 'Paused True, Completed False, Available True, Healthy False');
    w.retry().until('Paused').promote().until('Healthy');
    assert.equal(flags(w), 'Paused False, Completed True, Available True, Healthy True');
  });

  it('spec.paused is Paused, too, with the text of both', () => {
    const w = world()
      .user('set spec.paused', (rollout) => void (rollout.spec.paused = true))
      .until('Paused');
    assert.equal(say(w.status(), 'Paused'), 'True RolloutPaused: Rollout is paused');
    assert.equal(w.status().message, 'manually paused');
    w.user('clear spec.paused', (rollout) => void (rollout.spec.paused = false)).until('Healthy');
    assert.equal(say(w.status(), 'Paused'), 'False RolloutPaused: Rollout is paused');
  });
});

describe('InvalidSpec (spec 01 section 3.5)', () => {
  const break_ = (w: World, steps: { setWeight: number }[]): World =>
    w.user('edit the steps', (rollout) => {
      if (rollout.spec.strategy?.canary !== undefined) rollout.spec.strategy.canary.steps = steps;
    });

  it('comes with phase, message and the observed generation, and leaves the rest', () => {
    const w = world();
    const before = w.status();
    break_(w, [{ setWeight: 101 }]).until('Degraded');
    const text =
      'The Rollout "demo" is invalid: spec.strategy.steps[0].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100';
    const after = w.status();
    assert.equal(say(after, 'InvalidSpec'), `True InvalidSpec: ${text}`);
    assert.equal(after.message, `InvalidSpec: ${text}`);
    assert.equal(after.observedGeneration, String(w.rollout.metadata.generation));
    assert.deepEqual(after.duration, before.duration);
    assert.deepEqual(after.stableRS, before.stableRS);
    const writes = w.objectWrites();
    w.wait(3_600 * SECOND);
    assert.equal(w.objectWrites(), writes, 'written once');
  });

  it('is new when its text changes, and goes when the spec is mended', () => {
    const w = break_(world(), [{ setWeight: 101 }]).until('Degraded');
    const first = conditionOf(w.status(), 'InvalidSpec');
    break_(w.wait(60 * SECOND), [{ setWeight: 102 }]).wait(SECOND);
    const second = conditionOf(w.status(), 'InvalidSpec');
    assert.match(second?.message ?? '', /Invalid value: 102/);
    assert.ok((second?.lastTransitionTime ?? '') > (first?.lastTransitionTime ?? ''));
    break_(w, [{ setWeight: 50 }]).until('Healthy');
    assert.equal(say(w.status(), 'InvalidSpec'), '-');
  });
});

describe('spec.replicas that nothing filled in', () => {
  it('is written as 1, by a patch of this key alone, and nothing else happens in that pass', () => {
    const w = new World({ replicas: 1, canary });
    w.edit((rollout) => void delete rollout.spec.replicas);
    const plan = planRollout(w.snapshot());
    assert.deepEqual(
      plan.intents.map((intent) =>
        intent.kind === 'patchRolloutMeta' && intent.patch === 'replicas' ? intent.replicas : intent.key,
      ),
      [1],
    );
    assert.equal(plan.status, undefined);
    assert.equal(formatTime(plan.requeueAt ?? 0), formatTime(w.now));
    w.until('Healthy');
    assert.equal(w.rollout.spec.replicas, 1);
  });
});
