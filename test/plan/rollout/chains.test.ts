import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanaryStep, Rollout, RolloutDuration, RolloutStatus } from '../../../src/api/rollout.ts';
import { defaultPodTemplate } from '../../../src/lang/pod-defaults.ts';
import { setCondition } from '../../../src/plan/rollout/conditions.ts';
import type { DurationFacts } from '../../../src/plan/rollout/duration.ts';
import { nextDuration } from '../../../src/plan/rollout/duration.ts';
import { planRollout } from '../../../src/plan/rollout/index.ts';
import { Draft } from '../../../src/plan/rollout/intents.ts';
import { publicationOf } from '../../../src/plan/rollout/publish.ts';
import type { ReplicaSet } from '../../../src/plan/rollout/replica-set.ts';
import { claim, newReplicaSet, revisionsOf, syncRevision } from '../../../src/plan/rollout/revision.ts';
import { pauseSeconds, stepText } from '../../../src/plan/rollout/step-text.ts';
import { ownTemplate } from '../../../src/plan/rollout/strip.ts';
import { template, World } from './simulation.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const at = (seconds: number): string => `2026-01-01T12:00:${String(seconds).padStart(2, '0')}Z`;

const QUIET = { now: Date.UTC(2026, 0, 1), failed: [] };

describe('setting a condition', () => {
  const paused = {
    type: 'Paused',
    status: 'True',
    reason: 'RolloutPaused',
    message: 'Rollout is paused',
  } as const;
  const other = { ...paused, type: 'Healthy' } as const;

  it('adds it with both times', () => {
    assert.deepEqual(setCondition([], paused, NOW), [
      { ...paused, lastUpdateTime: at(0), lastTransitionTime: at(0) },
    ]);
  });
  it('changes nothing for the same status and reason, whatever the message', () => {
    const list = setCondition([], paused, NOW);
    assert.equal(setCondition(list, { ...paused, message: 'else' }, NOW + 5_000), list);
  });
  it('moves a changed one to the end and keeps the transition time of an equal status', () => {
    const list = setCondition(setCondition([], paused, NOW), other, NOW);
    const next = setCondition(list, { ...paused, reason: 'Else' }, NOW + 5_000);
    assert.deepEqual(
      next.map((condition) => condition.type),
      ['Healthy', 'Paused'],
    );
    assert.deepEqual([next[1]?.lastUpdateTime, next[1]?.lastTransitionTime], [at(5), at(0)]);
    const flipped = setCondition(next, { ...paused, status: 'False' }, NOW + 7_000);
    assert.equal(flipped[1]?.lastTransitionTime, at(7));
  });
  it('refreshes the update time alone when told to', () => {
    const list = setCondition(setCondition([], paused, NOW), paused, NOW + 9_000, true);
    assert.deepEqual([list[0]?.lastUpdateTime, list[0]?.lastTransitionTime], [at(9), at(0)]);
  });
});

describe('status.duration (spec 01 section 9)', () => {
  const facts: DurationFacts = {
    now: NOW,
    changed: false,
    retried: false,
    aborted: false,
    promoted: false,
    full: false,
    byFullPromotion: false,
    rollback: undefined,
    manuallyPaused: false,
  };
  const running: RolloutDuration = { rolloutStartedAt: at(0) };
  const ended: RolloutDuration = { ...running, finishedAt: at(1), completionStatus: 'Promoted' };
  const later = NOW + 30_000;
  const rows: readonly [
    string,
    RolloutDuration | undefined,
    Partial<DurationFacts>,
    RolloutDuration | undefined,
  ][] = [
    ['begins with a change', undefined, { changed: true }, running],
    ['begins anew after one that ended', ended, { changed: true }, running],
    ['not for an edit that leaves all as it is', ended, { changed: true, promoted: true, full: true }, ended],
    ['begins anew with a retry', { ...ended, completionStatus: 'Aborted' }, { retried: true }, running],
    ['a finished one stays', ended, { promoted: true }, ended],
    ['a new version supersedes one under way', { rolloutStartedAt: at(9) }, { changed: true }, running],
    [
      'going back is marked and goes on',
      running,
      { changed: true, rollback: 'fast' },
      { ...running, completionStatus: 'FastRolledBack' },
    ],
    [
      'going back to another version',
      running,
      { changed: true, rollback: 'slow' },
      { ...running, completionStatus: 'RolledBack' },
    ],
    ['promotion without all pods', running, { promoted: true }, { ...running, completionStatus: 'Promoted' }],
    [
      'promotion in full',
      running,
      { promoted: true, byFullPromotion: true },
      { ...running, completionStatus: 'FastPromoted' },
    ],
    [
      'the end',
      running,
      { promoted: true, full: true, now: later },
      { ...running, completionStatus: 'Promoted', finishedAt: at(30) },
    ],
    [
      'a rollback keeps its name at the end',
      { ...running, completionStatus: 'RolledBack' },
      { promoted: true, full: true, now: later },
      { ...running, completionStatus: 'RolledBack', finishedAt: at(30) },
    ],
    [
      'an abort',
      running,
      { aborted: true, now: later },
      { ...running, completionStatus: 'Aborted', finishedAt: at(30) },
    ],
    [
      'a manual pause begins',
      running,
      { manuallyPaused: true, now: later },
      { ...running, manualPauseStartedAt: at(30) },
    ],
    [
      'and is added up',
      { ...running, manualPauseStartedAt: at(10), totalManualPauseDurationSeconds: 5 },
      { now: later },
      { ...running, totalManualPauseDurationSeconds: 25 },
    ],
    [
      'also when an abort ends it',
      { ...running, manualPauseStartedAt: at(10) },
      { aborted: true, manuallyPaused: true, now: later },
      { ...running, totalManualPauseDurationSeconds: 20, completionStatus: 'Aborted', finishedAt: at(30) },
    ],
  ];
  for (const [name, old, change, expected] of rows) {
    it(name, () => assert.deepEqual(nextDuration(old, { ...facts, ...change }), expected));
  }
});

const condition = (type: string, status: string, reason: string) => ({
  type,
  status,
  reason,
  message: reason,
  lastUpdateTime: at(0),
  lastTransitionTime: at(0),
});

describe('when a status is published', () => {
  const base: RolloutStatus = {
    phase: 'Progressing',
    message: 'more replicas need to be updated',
    currentStepIndex: 0,
    replicas: 4,
    conditions: [
      condition('Progressing', 'True', 'NewReplicaSetCreated'),
      condition('Available', 'True', 'AvailableReason'),
    ],
  };
  const rows: readonly [string, Partial<RolloutStatus>, 'none' | 'counts' | 'now'][] = [
    ['nothing changed', {}, 'none'],
    ['the order of conditions', { conditions: (base.conditions ?? []).toReversed() }, 'none'],
    ['a false that was absent', { abort: false }, 'none'],
    ['counts', { replicas: 5, updatedReplicas: 1 }, 'counts'],
    ['what is waited for', { message: 'updated replicas are still becoming available' }, 'counts'],
    [
      'one word for "under way" and another',
      {
        conditions: [
          condition('Progressing', 'True', 'ReplicaSetUpdated'),
          ...(base.conditions ?? []).slice(1),
        ],
      },
      'counts',
    ],
    ['the step', { currentStepIndex: 1 }, 'now'],
    ['the phase', { phase: 'Healthy', message: '' }, 'now'],
    ['the reason of a pause', { phase: 'Paused', message: 'CanaryPauseStep' }, 'now'],
    [
      'a condition',
      {
        conditions: [
          ...(base.conditions ?? []).slice(0, 1),
          condition('Available', 'False', 'AvailableReason'),
        ],
      },
      'now',
    ],
    [
      'the deadline',
      {
        conditions: [
          condition('Progressing', 'False', 'ProgressDeadlineExceeded'),
          ...(base.conditions ?? []).slice(1),
        ],
      },
      'now',
    ],
    ['the observed generation', { observedGeneration: '2' }, 'now'],
    ['an abort', { abort: true }, 'now'],
  ];
  for (const [name, change, expected] of rows) {
    it(`${name}: ${expected}`, () => assert.equal(publicationOf(base, { ...base, ...change }), expected));
  }
});

describe('steps in words', () => {
  const rows: readonly [CanaryStep, string][] = [
    [{ setWeight: 20 }, 'setWeight: 20'],
    [{ pause: {} }, 'pause'],
    [{ pause: { duration: '5m' } }, 'pause: 5m'],
    [{ pause: { duration: 3 } }, 'pause: 3'],
    [{ analysis: {} }, 'analysis'],
    [{ setCanaryScale: { weight: 20 } }, 'setCanaryScale{weight: 20}'],
    [{ setCanaryScale: { replicas: 3, weight: 20 } }, 'setCanaryScale{replicas: 3}'],
    [{ setCanaryScale: { matchTrafficWeight: true } }, 'setCanaryScale{matchTrafficWeight: true}'],
    [{ plugin: { name: 'a/b' } }, 'plugin: a/b'],
    [{ setHeaderRoute: { name: 'h' } }, 'setHeaderRoute: h'],
    [{ setMirrorRoute: { name: 'm' } }, 'setMirrorRoute: m'],
  ];
  for (const [step, text] of rows) it(text, () => assert.equal(stepText(step), text));

  for (const [duration, seconds] of [
    [undefined, undefined],
    [10, 10],
    ['10', 10],
    ['30s', 30],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['2500ms', 2],
    ['1x', -1],
    ['', -1],
  ] as const) {
    it(`a pause of ${duration} lasts ${seconds} s`, () => assert.equal(pauseSeconds({ duration }), seconds));
  }
});

const rollout = (change: Partial<Rollout> = {}): Rollout => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: {
    name: 'demo',
    namespace: 'shop',
    uid: 'u',
    annotations: { team: 'blue', 'rollout.argoproj.io/revision': '1' },
  },
  spec: {
    replicas: 3,
    minReadySeconds: 5,
    selector: { matchLabels: { app: 'demo' } },
    template: template('v1'),
  },
  ...change,
});

const owner = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  name: 'demo',
  uid: 'u',
  controller: true,
};
const made = (change: (rs: ReplicaSet) => void = () => {}): ReplicaSet => {
  const bare = revisionsOf(rollout(), []);
  const rs = structuredClone(newReplicaSet(rollout(), bare, 3));
  rs.metadata.creationTimestamp = at(0);
  change(rs);
  return rs;
};

describe('revisions', () => {
  it('makes a ReplicaSet of the shape that existing installations know', () => {
    const { hash, name, revision } = revisionsOf(rollout(), []);
    const rs = newReplicaSet(rollout(), revisionsOf(rollout(), []), 3);
    assert.equal(name, `demo-${hash}`);
    assert.equal(revision, 1);
    assert.deepEqual(rs.metadata.labels, { app: 'demo', 'rollouts-pod-template-hash': hash });
    assert.deepEqual(rs.metadata.annotations, {
      team: 'blue',
      'rollout.argoproj.io/revision': '1',
      'rollout.argoproj.io/desired-replicas': '3',
    });
    assert.deepEqual(rs.metadata.ownerReferences, [{ ...owner, blockOwnerDeletion: true }]);
    assert.deepEqual(rs.spec.selector, { matchLabels: { app: 'demo', 'rollouts-pod-template-hash': hash } });
    assert.deepEqual([rs.spec.replicas, rs.spec.minReadySeconds], [3, 5]);
    assert.deepEqual((rs.spec.template['metadata'] as { labels: unknown }).labels, rs.metadata.labels);
  });

  it('finds its own by the hash, and an older installation’s by the template', () => {
    const own = made();
    assert.equal(revisionsOf(rollout(), [own]).fresh, own);
    const foreign = made((rs) => {
      rs.metadata.name = 'demo-oldhash';
      rs.metadata.labels = { app: 'demo', 'rollouts-pod-template-hash': 'oldhash' };
      rs.spec.template = defaultPodTemplate({
        ...rs.spec.template,
        metadata: { labels: rs.metadata.labels },
      });
    });
    const found = revisionsOf(rollout(), [foreign]);
    assert.equal(found.fresh, foreign);
    assert.equal(found.hash, 'oldhash');
  });

  it('sees through metadata and anti-affinity that were injected', () => {
    const injected = made((rs) => {
      rs.metadata.annotations = {
        ...rs.metadata.annotations,
        'rollout.argoproj.io/ephemeral-metadata': '{"labels":{"role":"canary"}}',
      };
      const spec = rs.spec.template['spec'] as Record<string, unknown>;
      const metadata = rs.spec.template['metadata'] as { labels: Record<string, string> };
      metadata.labels['role'] = 'canary';
      spec['affinity'] = {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            {
              topologyKey: 'kubernetes.io/hostname',
              labelSelector: {
                matchExpressions: [{ key: 'rollouts-pod-template-hash', operator: 'In', values: ['x'] }],
              },
            },
          ],
        },
      };
    });
    assert.deepEqual(ownTemplate(injected), made().spec.template);
  });

  it('gives a version that comes back the highest number, and keeps the old one in its history', () => {
    const first = made();
    const second = made((rs) => {
      rs.metadata.name = 'demo-b';
      rs.metadata.labels = { app: 'demo', 'rollouts-pod-template-hash': 'b' };
      rs.metadata.annotations = { 'rollout.argoproj.io/revision': '2' };
      rs.spec.template = template('v2');
      rs.metadata.creationTimestamp = at(9);
    });
    const draft = new Draft();
    const revisions = revisionsOf(rollout(), [first, second]);
    assert.equal(revisions.revision, 3);
    syncRevision(rollout(), revisions, draft, QUIET);
    assert.deepEqual(
      draft.intents.map((intent) => (intent.kind === 'annotateReplicaSet' ? intent.annotations : intent.key)),
      [
        { 'rollout.argoproj.io/revision': '3', 'rollout.argoproj.io/revision-history': '1' },
        'rollout/revision',
      ],
    );
  });

  it('passes over a number that nobody can read, and gives its ReplicaSet one', () => {
    const odd = made((rs) => {
      rs.metadata.annotations = { team: 'blue', 'rollout.argoproj.io/revision': 'many' };
    });
    const other = made((rs) => {
      rs.metadata.name = 'demo-b';
      rs.metadata.labels = { app: 'demo', 'rollouts-pod-template-hash': 'b' };
      rs.metadata.annotations = { 'rollout.argoproj.io/revision': '4' };
      rs.spec.template = template('v2');
    });
    const bad = made((rs) => {
      rs.metadata.name = 'demo-c';
      rs.metadata.labels = { app: 'demo', 'rollouts-pod-template-hash': 'c' };
      rs.metadata.annotations = { 'rollout.argoproj.io/revision': '9x' };
      rs.spec.template = template('v3');
    });
    const draft = new Draft();
    const revisions = revisionsOf(rollout(), [odd, other, bad]);
    assert.equal(revisions.revision, 5);
    syncRevision(rollout(), revisions, draft, QUIET);
    const [first] = draft.intents;
    assert.deepEqual(first?.kind === 'annotateReplicaSet' && first.annotations, {
      'rollout.argoproj.io/revision': '5',
    });
  });

  it('copies changed annotations without touching the history', () => {
    const rs = made((item) => void delete (item.metadata.annotations as Record<string, string>)['team']);
    const draft = new Draft();
    syncRevision(rollout(), revisionsOf(rollout(), [rs]), draft, QUIET);
    assert.deepEqual(
      draft.intents.map((intent) => (intent.kind === 'annotateReplicaSet' ? intent.annotations : intent.key)),
      [{ team: 'blue' }],
    );
  });

  it('gives a number again only in a moment where somebody has just overwritten it', () => {
    const of = rollout();
    const overwritten = {
      ...of,
      metadata: { ...of.metadata, annotations: { 'rollout.argoproj.io/revision': '9' } },
    };
    const sync = (revisionWritten: { revision: number; at: number }): Draft => {
      const draft = new Draft();
      syncRevision(overwritten, revisionsOf(of, [made(() => {})]), draft, { ...QUIET, revisionWritten });
      return draft;
    };
    const { revision } = revisionsOf(of, [made(() => {})]);
    const contested = sync({ revision, at: QUIET.now - 500 });
    const keys = ({ intents }: Draft): string[] => intents.map(({ key }) => key);
    assert.deepEqual([keys(contested).includes('rollout/revision'), contested.events], [false, []]);
    assert.equal(contested.requeueAt, QUIET.now + 1_500);
    const others = [
      { revision, at: QUIET.now - 2_000 },
      { revision: revision + 1, at: QUIET.now },
      { revision, at: QUIET.now + 60_000 },
    ];
    for (const other of others)
      assert.ok(keys(sync(other)).includes('rollout/revision'), JSON.stringify(other));
  });

  it('asks once in a pass for what was refused in it', () => {
    const rs = made((item) => void delete (item.metadata.annotations as Record<string, string>)['team']);
    const failed = [`annotate/${rs.metadata.name}`, 'rollout/revision'].map((key) => ({
      key,
      reason: 'Error' as const,
      message: 'leader changed',
    }));
    const draft = new Draft();
    const of = rollout();
    syncRevision(
      { ...of, metadata: { ...of.metadata, annotations: { team: 'blue' } } },
      revisionsOf(of, [rs]),
      draft,
      { ...QUIET, failed },
    );
    assert.deepEqual([draft.intents, draft.events], [[], []]);
  });

  it('does not keep an abort waiting for a ReplicaSet that can not be written', () => {
    const canary = { steps: [{ setWeight: 50 }, { pause: {} }] };
    const world = new World({ replicas: 2, canary }).until('Healthy').image('v2').until('Paused');
    world.edit((r) => {
      r.spec.minReadySeconds = 7;
      (r.status ??= {}).abort = true;
    });
    const first = planRollout(world.snapshot()).intents.find(({ key }) => key.startsWith('annotate/'));
    assert.ok(first !== undefined);
    const again = planRollout(
      world.snapshot([{ key: first.key, reason: 'Error', message: 'leader changed' }]),
    );
    assert.ok(!again.intents.some(({ key }) => key === first.key));
    assert.notEqual(again.status?.abortedAt, undefined);
  });

  it('keeps, releases, adopts and ignores as the controller reference says', () => {
    const draft = new Draft();
    const kept = made();
    const strayed = made((rs) => {
      rs.metadata.name = 'strayed';
      rs.metadata.labels = { app: 'else', 'rollouts-pod-template-hash': 'x' };
    });
    const orphan = made((rs) => {
      rs.metadata.name = 'orphan';
      rs.metadata.ownerReferences = [];
    });
    const anothers = made((rs) => {
      rs.metadata.name = 'anothers';
      rs.metadata.ownerReferences = [{ ...owner, uid: 'other' }];
    });
    const hashless = made((rs) => {
      rs.metadata.name = 'hashless';
      rs.metadata.ownerReferences = [];
      rs.metadata.labels = { app: 'demo' };
    });
    const claimed = claim(rollout(), [kept, strayed, orphan, anothers, hashless], draft);
    assert.deepEqual(claimed.map((rs) => rs.metadata.name).sort(), [kept.metadata.name, 'orphan'].sort());
    assert.deepEqual(draft.intents.map((intent) => intent.key).sort(), ['adopt/orphan', 'release/strayed']);
  });
});
