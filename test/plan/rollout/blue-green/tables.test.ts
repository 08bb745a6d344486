/** Spec 04 row by row: what one pass does in one situation. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AnalysisRun } from '../../../../src/api/analysis.ts';
import { isFastRollback } from '../../../../src/plan/rollout/blue-green/fast-track.ts';
import { begin } from '../../../../src/plan/rollout/blue-green/progress.ts';
import { newSize } from '../../../../src/plan/rollout/blue-green/sizes.ts';
import { formatTime } from '../../../../src/lang/time.ts';
import type { Scene } from './bench.ts';
import { deadlines, NOW, planOf, scaled, situationOf, switched } from './bench.ts';

const FULL = { v1: { size: 4 }, v2: { size: 4 } };
const PAUSED = {
  pauseConditions: [{ reason: 'BlueGreenPause', startTime: formatTime(NOW - 5_000) }],
  controllerPause: true,
};
const RESUMED = { controllerPause: true };
const ABORTED = { abort: true, abortedAt: formatTime(NOW - 1_000) };
const AT = { activeSelector: 'v1', previewSelector: 'v2' };
const gate = { templates: [{ templateName: 'gate' }] };
const run = (kind: 'pre' | 'post', phase: string, more: Partial<AnalysisRun['spec']> = {}): AnalysisRun => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisRun',
  metadata: {
    name: kind,
    labels: { 'rollouts-pod-template-hash': 'v2' },
    creationTimestamp: formatTime(NOW - 9_000),
  },
  spec: { metrics: [], ...more },
  status: { phase, ...(more.terminate === true ? { message: 'Run Terminated' } : {}) },
});

describe('size of the new version (spec 04 section 2)', () => {
  const P = { previewReplicaCount: 1 };
  const rows: [string, Scene, { active?: string; checkpoint?: boolean }, number][] = [
    ['without previewReplicaCount', { versions: FULL, active: 'v1' }, {}, 4],
    ['nothing is active yet', { versions: FULL, strategy: P }, { active: '' }, 4],
    ['the active version is gone', { versions: { v2: { size: 4 } }, strategy: P }, { active: 'v0' }, 4],
    ['the new version is active', { versions: FULL, strategy: P }, { active: 'v2' }, 4],
    ['promoted in full', { versions: FULL, strategy: P, status: { promoteFull: true } }, {}, 4],
    ['a brand-new update', { versions: FULL, strategy: P, status: { currentPodHash: 'v1' } }, {}, 1],
    ['before the checkpoint', { versions: FULL, strategy: P }, {}, 1],
    ['after the checkpoint', { versions: FULL, strategy: P }, { checkpoint: true }, 4],
    [
      'after the checkpoint, held by a person: the pods that are there stay',
      { versions: { v1: { size: 4 }, v2: { size: 3 } }, strategy: P, spec: { paused: true } },
      { checkpoint: true },
      3,
    ],
    ['back to stable', { versions: FULL, strategy: P, image: 'v1' }, { active: 'v2' }, 4],
    [
      'back to one that still runs',
      {
        versions: { v1: { size: 4, deadline: 9 }, v2: { size: 4 } },
        strategy: P,
        image: 'v1',
        status: { stableRS: 'v2' },
      },
      { active: 'v2' },
      4,
    ],
  ];
  for (const [name, scene, facts, size] of rows)
    it(`${name}: ${size}`, () => {
      const s = situationOf(scene);
      assert.equal(newSize(s, begin(s), { active: 'v1', checkpoint: false, ...facts }), size);
    });
});

describe('fast rollback (spec 02 section 14)', () => {
  const back = (v1: { size: number; deadline?: number }, more: Partial<Scene> = {}): Scene => ({
    versions: { v1, v2: { size: 4 } },
    image: 'v1',
    active: 'v2',
    status: { stableRS: 'v2', ...more.status },
    ...(more.runs === undefined ? {} : { runs: more.runs }),
    ...(more.spec === undefined ? {} : { spec: more.spec }),
  });
  const bad = {
    ...run('post', 'Failed'),
    metadata: { ...run('post', 'Failed').metadata, labels: { 'rollouts-pod-template-hash': 'v1' } },
  };
  const rows: [string, Scene, boolean][] = [
    ['the stable version itself', { versions: FULL, image: 'v1' }, true],
    ['an older one within its delay', back({ size: 4, deadline: 9 }), true],
    ['an older one whose delay is over', back({ size: 4, deadline: -1 }), false],
    ['an older one without a delay', back({ size: 0 }), false],
    ['an older one that analysis found bad', back({ size: 4, deadline: 9 }, { runs: [bad] }), false],
    [
      'the delay of an abort, retried',
      back({ size: 4, deadline: 9 }, { status: { abortedAt: ABORTED.abortedAt } }),
      false,
    ],
    ['within the window', back({ size: 0 }, { spec: { rollbackWindow: { revisions: 1 } } }), true],
    [
      'a newer one within its delay',
      { versions: { v1: { size: 4 }, v2: { size: 4, deadline: 9 } }, active: 'v1' },
      false,
    ],
  ];
  for (const [name, scene, fast] of rows)
    it(`${name}: ${fast}`, () => {
      const s = situationOf(scene);
      assert.equal(isFastRollback(s, begin(s)), fast);
    });
});

describe('the active Service (spec 04 sections 4 and 5)', () => {
  const rows: [string, Scene, string | undefined][] = [
    ['automatic, saturated', { versions: FULL }, 'services v2'],
    [
      'automatic, a pod is missing',
      { versions: { v1: { size: 4 }, v2: { size: 4, available: 3 } } },
      undefined,
    ],
    ['spec.paused', { versions: FULL, spec: { paused: true } }, undefined],
    ['by hand: the pause begins', { versions: FULL, strategy: { autoPromotionEnabled: false } }, undefined],
    [
      'by hand: paused',
      { versions: FULL, strategy: { autoPromotionEnabled: false }, status: PAUSED },
      undefined,
    ],
    [
      'by hand: promoted',
      { versions: FULL, strategy: { autoPromotionEnabled: false }, status: RESUMED },
      'services v2',
    ],
    [
      'by hand: promoted while paused',
      { versions: FULL, strategy: { autoPromotionEnabled: false }, status: RESUMED, spec: { paused: true } },
      undefined,
    ],
    ['timed: 5 of 9 s', { versions: FULL, strategy: { autoPromotionSeconds: 9 }, status: PAUSED }, undefined],
    [
      'timed: 5 of 5 s',
      { versions: FULL, strategy: { autoPromotionSeconds: 5 }, status: PAUSED },
      'services v2',
    ],
    [
      'timed: resumed before its time',
      { versions: FULL, strategy: { autoPromotionSeconds: 9 }, status: RESUMED },
      'services v2',
    ],
    [
      'timed, but by hand',
      { versions: FULL, strategy: { autoPromotionEnabled: false, autoPromotionSeconds: 5 }, status: PAUSED },
      undefined,
    ],
    [
      'in full, while paused by the controller',
      { versions: FULL, strategy: { autoPromotionEnabled: false }, status: { ...PAUSED, promoteFull: true } },
      'services v2',
    ],
    [
      'in full, pods missing',
      { versions: { v1: { size: 4 }, v2: { size: 1 } }, status: { promoteFull: true } },
      undefined,
    ],
    ['an analysis is to come', { versions: FULL, strategy: { prePromotionAnalysis: gate } }, undefined],
    [
      'an analysis runs',
      {
        versions: FULL,
        strategy: { prePromotionAnalysis: gate },
        runs: [run('pre', 'Running')],
        status: { blueGreen: { ...AT, prePromotionAnalysisRunStatus: { name: 'pre', status: 'Running' } } },
      },
      undefined,
    ],
    [
      'an analysis succeeded',
      {
        versions: FULL,
        strategy: { prePromotionAnalysis: gate },
        runs: [run('pre', 'Successful')],
        status: { blueGreen: { ...AT, prePromotionAnalysisRunStatus: { name: 'pre', status: 'Running' } } },
      },
      'services v2',
    ],
    [
      'an analysis was ended by someone',
      {
        versions: FULL,
        strategy: { prePromotionAnalysis: gate },
        runs: [run('pre', 'Successful', { terminate: true })],
        status: { blueGreen: { ...AT, prePromotionAnalysisRunStatus: { name: 'pre', status: 'Running' } } },
      },
      undefined,
    ],
    [
      'the switch failed: nothing is claimed',
      { versions: FULL, failed: [{ key: 'service/active', reason: 'Error', message: 'no' }] },
      undefined,
    ],
  ];
  for (const [name, scene, expected] of rows)
    it(`${name}: ${expected ?? 'stays'}`, () => {
      const plan = planOf({ active: 'v1', ...scene });
      const [wave, version] = (expected ?? ' ').split(' ');
      assert.equal(switched(plan)[`${wave} active`], expected === undefined ? undefined : version);
      const claimed = plan.status?.blueGreen?.activeSelector;
      assert.equal(claimed ?? 'v1', expected === undefined ? 'v1' : 'v2');
      assert.equal(plan.status?.stableRS ?? 'v1', expected === undefined ? 'v1' : 'v2');
    });

  it('one patch ends the pause: selector, stable version, pause and phase', () => {
    const { status } = planOf({
      versions: FULL,
      active: 'v1',
      strategy: { autoPromotionEnabled: false },
      status: { ...RESUMED, blueGreen: AT },
    });
    assert.deepEqual(
      [status?.blueGreen?.activeSelector, status?.stableRS, status?.controllerPause, status?.phase],
      ['v2', 'v2', undefined, 'Healthy'],
    );
  });

  it('a resumed pause is not forgotten while a pod is missing or the Service cannot be written', () => {
    const strategy = { autoPromotionEnabled: false };
    const missing = planOf({
      versions: { v1: { size: 4 }, v2: { size: 4, available: 3 } },
      active: 'v1',
      strategy,
      status: RESUMED,
    });
    const failed = planOf({
      versions: FULL,
      active: 'v1',
      strategy,
      status: RESUMED,
      failed: [{ key: 'service/active', reason: 'Error', message: 'no' }],
    });
    for (const { status } of [missing, failed])
      assert.deepEqual([status?.controllerPause, status?.pauseConditions], [true, undefined]);
  });

  it('a Service that lost its selector makes no version the first one where stable served', () => {
    const lost: Scene = {
      versions: { v1: { size: 4, available: 0 }, v2: { size: 4, available: 1 } },
      status: { blueGreen: AT },
      strategy: { prePromotionAnalysis: gate },
    };
    const { status } = planOf(lost);
    assert.deepEqual(
      [status?.stableRS, status?.blueGreen?.activeSelector, status?.phase],
      ['v1', 'v1', 'Progressing'],
    );
    assert.equal(planOf({ ...lost, status: {} }).status?.stableRS, 'v2', 'it never served');
    const one = planOf({ ...lost, versions: { v1: { size: 4, available: 1 }, v2: { size: 4 } } });
    assert.equal(switched(one)['services active'], 'v1');
  });

  it('a Service that selects every version goes to a running stable version first', () => {
    const plan = planOf({ versions: FULL, strategy: { autoPromotionEnabled: false } });
    assert.equal(switched(plan)['services active'], 'v1');
    assert.equal(plan.status?.stableRS, 'v1');
  });

  it('a promoted Rollout mends a selector that someone changed', () => {
    assert.equal(
      switched(planOf({ versions: FULL, active: 'v1', status: { stableRS: 'v2' } }))['services active'],
      'v2',
    );
  });
});

describe('abort (spec 02 section 10, 04 sections 5 and 9)', () => {
  const rows: [
    string,
    Scene,
    Record<string, string>,
    Record<string, number | null>,
    Record<string, number>,
  ][] = [
    ['before the switch', { versions: FULL, active: 'v1' }, {}, { v2: 30 }, {}],
    ['after it', { versions: FULL, active: 'v2' }, { 'verdict active': 'v1' }, {}, {}],
    [
      'after it, pods of the new version missing',
      { versions: { v1: { size: 4 }, v2: { size: 4, available: 1 } }, active: 'v2' },
      { 'verdict active': 'v1' },
      {},
      {},
    ],
    [
      'after it, stable has one pod of four',
      { versions: { v1: { size: 4, available: 1 }, v2: { size: 4 } }, active: 'v2' },
      { 'verdict active': 'v1' },
      {},
      {},
    ],
    [
      'after it, stable has none',
      { versions: { v1: { size: 4, available: 0 }, v2: { size: 4 } }, active: 'v2' },
      {},
      {},
      {},
    ],
    [
      'after it, stable has one that is ready, and not yet for minReadySeconds',
      { versions: { v1: { size: 4, available: 0, ready: 1 }, v2: { size: 4 } }, active: 'v2' },
      { 'verdict active': 'v1' },
      {},
      {},
    ],
    [
      'after it, stable has none, and those of the new version are only just ready',
      { versions: { v1: { size: 4, available: 0 }, v2: { size: 4, available: 0, ready: 4 } }, active: 'v2' },
      {},
      {},
      {},
    ],
    [
      'after it, neither has any',
      { versions: { v1: { size: 4, available: 0 }, v2: { size: 4, available: 0 } }, active: 'v2' },
      { 'verdict active': 'v1' },
      {},
      {},
    ],
    [
      'while spec.paused',
      { versions: FULL, active: 'v2', spec: { paused: true } },
      { 'verdict active': 'v1' },
      {},
      {},
    ],
    [
      'its own delay',
      { versions: FULL, active: 'v1', strategy: { abortScaleDownDelaySeconds: 7 } },
      {},
      { v2: 7 },
      {},
    ],
    [
      'delay 0: never',
      { versions: FULL, active: 'v1', strategy: { abortScaleDownDelaySeconds: 0 } },
      {},
      {},
      {},
    ],
    [
      'the delay runs',
      { versions: { v1: { size: 4 }, v2: { size: 4, deadline: 5 } }, active: 'v1' },
      {},
      {},
      {},
    ],
    [
      'the delay is over',
      { versions: { v1: { size: 4 }, v2: { size: 4, deadline: -1 } }, active: 'v1' },
      {},
      {},
      { v2: 0 },
    ],
    [
      'the delay is over, but it serves',
      { versions: { v1: { size: 4, available: 0 }, v2: { size: 4, deadline: -1 } }, active: 'v2' },
      {},
      {},
      {},
    ],
  ];
  for (const [name, scene, services, waits, sizes] of rows)
    it(name, () => {
      const plan = planOf({
        ...scene,
        status: { ...ABORTED, blueGreen: { ...AT, activeSelector: scene.active ?? '' } },
      });
      assert.deepEqual(switched(plan), services);
      assert.deepEqual(deadlines(plan), waits);
      assert.deepEqual(scaled(plan), sizes);
      assert.equal(plan.status?.stableRS, 'v1');
      assert.equal(plan.urgent, true);
    });

  const failing: [string, Scene, string][] = [
    [
      'pre',
      { active: 'v1', versions: FULL, strategy: { prePromotionAnalysis: gate }, runs: [run('pre', 'Error')] },
      'Blue/green pre-promotion analysis phase error/failed',
    ],
    [
      'post',
      {
        active: 'v2',
        versions: FULL,
        strategy: { postPromotionAnalysis: gate },
        runs: [run('post', 'Failed')],
      },
      'Blue/green post-promotion analysis phase error/failed',
    ],
  ];
  for (const [kind, scene, message] of failing)
    it(`a failed ${kind}-promotion analysis`, () => {
      const blueGreen = {
        activeSelector: scene.active ?? '',
        previewSelector: 'v2',
        [`${kind}PromotionAnalysisRunStatus`]: { name: kind, status: 'Running' },
      };
      const { status } = planOf({ ...scene, status: { blueGreen } });
      assert.equal(status?.abort, true);
      assert.equal(status?.blueGreen?.activeSelector, 'v1');
      assert.equal(status?.message, `RolloutAborted: Rollout aborted update to revision 2: ${message}`);
    });
});

describe('old versions (spec 04 section 3)', () => {
  const done = {
    stableRS: 'v3',
    currentPodHash: 'v3',
    blueGreen: { activeSelector: 'v3', previewSelector: 'v3' },
  };
  const scene = (
    versions: Scene['versions'],
    strategy: Scene['strategy'] = {},
    more: Partial<Scene> = {},
  ): Scene => ({
    image: 'v3',
    active: 'v3',
    status: done,
    versions: { ...versions, v3: { size: 4 } },
    strategy,
    ...more,
  });
  const rows: [string, Scene, Record<string, number | null>, Record<string, number>][] = [
    ['gets the default delay', scene({ v2: { size: 4 } }), { v2: 30 }, {}],
    ['gets its own delay', scene({ v2: { size: 4 } }, { scaleDownDelaySeconds: 5 }), { v2: 5 }, {}],
    ['no delay: goes at once', scene({ v2: { size: 4 } }, { scaleDownDelaySeconds: 0 }), {}, { v2: 0 }],
    ['is held at the full size while it waits', scene({ v2: { size: 1, deadline: 9 } }), {}, { v2: 4 }],
    ['goes when the delay is over', scene({ v2: { size: 4, deadline: -1 } }), { v2: null }, { v2: 0 }],
    [
      'beyond the limit goes at once',
      scene({ v1: { size: 4, deadline: 9 }, v2: { size: 4 } }, { scaleDownDelayRevisionLimit: 1 }),
      { v1: null, v2: 30 },
      { v1: 0 },
    ],
    [
      'stays while an analysis waits for a decision',
      scene(
        { v2: { size: 4, deadline: -1 } },
        {},
        {
          status: {
            ...done,
            stableRS: 'v1',
            pauseConditions: [{ reason: 'InconclusiveAnalysisRun', startTime: formatTime(NOW) }],
          },
        },
      ),
      {},
      {},
    ],
    [
      'stays while the active Service selects it',
      scene(
        { v1: { size: 4 }, v2: { size: 4, deadline: -1 } },
        {},
        {
          active: 'v2',
          status: { ...done, stableRS: 'v1' },
          versions: { v1: { size: 4 }, v2: { size: 4, deadline: -1 }, v3: { size: 4, available: 0 } },
        },
      ),
      {},
      {},
    ],
    [
      'stays while the status names it',
      scene(
        { v2: { size: 4, deadline: -1 } },
        {},
        { status: { ...done, blueGreen: { activeSelector: 'v2' } } },
      ),
      {},
      {},
    ],
    [
      'stays while the Service selects every version',
      {
        versions: {
          v0: { size: 4, deadline: -1 },
          v1: { size: 4, available: 0 },
          v2: { size: 4, available: 0 },
        },
      },
      {},
      {},
    ],
  ];
  for (const [name, given, waits, sizes] of rows)
    it(name, () => {
      const plan = planOf(given);
      assert.deepEqual(deadlines(plan), waits);
      assert.deepEqual(scaled(plan), sizes);
    });

  it('stays until the analysis after the switch is done, unless a delay was asked for', () => {
    const during = (strategy: Scene['strategy']): Scene => ({
      image: 'v3',
      active: 'v3',
      status: {
        stableRS: 'v1',
        currentPodHash: 'v3',
        blueGreen: { activeSelector: 'v3', previewSelector: 'v3' },
      },
      versions: { v1: { size: 4 }, v2: { size: 4 }, v3: { size: 4 } },
      strategy: { postPromotionAnalysis: gate, ...strategy },
    });
    assert.deepEqual(deadlines(planOf(during({}))), {});
    assert.deepEqual(deadlines(planOf(during({ scaleDownDelaySeconds: 30 }))), { v2: 30 });
  });
});

describe('what an HPA reads (spec 01 section 5)', () => {
  it('counts and selector are those of the active version', () => {
    const { status } = planOf({
      versions: { v1: { size: 4, available: 3 }, v2: { size: 4 } },
      active: 'v1',
      status: { blueGreen: AT },
      strategy: { autoPromotionEnabled: false },
    });
    assert.deepEqual(
      [status?.HPAReplicas, status?.availableReplicas, status?.replicas, status?.updatedReplicas],
      [4, 3, 8, 4],
    );
    assert.equal(status?.selector, 'app=demo,rollouts-pod-template-hash=v1');
  });

  it('without one, those of all', () => {
    const { status } = planOf({
      versions: { v1: { size: 4, available: 3 } },
      image: 'v1',
      status: { stableRS: '' },
    });
    assert.deepEqual([status?.HPAReplicas, status?.availableReplicas], [4, 3]);
    assert.equal(status?.selector, 'app=demo');
  });
});
