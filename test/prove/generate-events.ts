/** Draws what happens in a history: releases, and around each of them people, programs and accidents. */

import type { JsonObject } from '../../src/lang/json.ts';
import type { Dice } from './dice.ts';
import type { Action, CallFault, HistoryEvent, Setup, Weather } from './history.ts';

const SECOND = 1_000;

export function randomEvents(dice: Dice, setup: Setup): HistoryEvent[] {
  const events: HistoryEvent[] = [];
  let at = dice.int(5, 40) * SECOND;
  const releases = dice.weighted([
    [1, 1],
    [4, 2],
    [4, 3],
    [1, 5],
  ]);
  const tags = ['v1'];
  for (let release = 0; release < releases; release++) {
    events.push({ at, ...randomRelease(dice, tags) });
    // Things happen while a release is under way, and now and then between two.
    const span = dice.weighted([
      [2, 10],
      [4, 60],
      [2, 150],
    ]);
    const around = Math.max(0, at - 3 * SECOND);
    for (let i = dice.int(1, 3); i > 0; i--)
      events.push({ at: around + dice.int(0, span * 1000), ...randomFault(dice, setup) });
    for (
      let i = dice.weighted([
        [5, 0],
        [4, 1],
        [2, 2],
      ]);
      i > 0;
      i--
    )
      events.push({ at: at + dice.int(0, span * 1000), ...randomDeed(dice, setup) });
    at += dice.chance(0.3) ? dice.int(1, 20) * SECOND : span * SECOND + dice.int(0, 100) * SECOND;
  }
  return events.toSorted((a, b) => a.at - b.at);
}

function randomRelease(dice: Dice, tags: string[]): Action {
  const known = dice.chance(0.2) && tags.length > 1;
  const kind = dice.weighted([
    [7, ''],
    [1.2, 'bad-'],
    [1.2, 'worse-'],
    [0.6, 'slow-'],
  ]);
  const tag = known ? dice.pick(tags) : `${kind}v${tags.length + 1}`;
  if (!known) tags.push(tag);
  return dice.chance(0.1)
    ? { do: 'image-and-replicas', tag, replicas: dice.int(1, 7) }
    : { do: 'image', tag };
}

/** What people and autoscalers do. */
function randomDeed(dice: Dice, setup: Setup): Action {
  const strategy = (setup.rollout['spec'] as { strategy: { canary?: { steps?: unknown[] } } }).strategy;
  return dice.weighted<() => Action>([
    [3, () => ({ do: 'command', command: 'abort' })],
    [3, () => ({ do: 'command', command: 'promote' })],
    [2, () => ({ do: 'command', command: 'retry' })],
    [1.5, () => ({ do: 'command', command: 'promote-full' })],
    [1, () => ({ do: 'command', command: 'skip' })],
    [1, () => ({ do: 'command', command: 'restart' })],
    [1, () => ({ do: 'command', command: 'pause' })],
    [2, () => ({ do: 'command', command: 'unpause' })],
    [
      4,
      () => ({
        do: 'scale',
        replicas: dice.weighted([
          [1, 0],
          [9, dice.int(1, 8)],
        ]),
        by: dice.pick(['hpa', 'hpa', 'person']),
      }),
    ],
    [0.7, () => ({ do: 'recreate', afterMs: dice.pick([0, 3, 20]) * SECOND })],
    [strategy.canary === undefined ? 0 : 1, () => ({ do: 'spec', spec: editedSteps(dice) })],
    [
      1,
      () => ({
        do: 'spec',
        spec: { progressDeadlineSeconds: dice.int(20, 100), minReadySeconds: dice.int(0, 8) },
      }),
    ],
    [setup.source === 'git' ? 3 : 0, () => ({ do: 'git', what: dice.pick(['revert', 'down', 'up']) })],
  ])();
}

function editedSteps(dice: Dice): JsonObject {
  const steps = Array.from({ length: dice.int(0, 4) }, () =>
    dice.chance(0.6) ? { setWeight: dice.int(1, 100) } : { pause: { duration: dice.int(1, 20) } },
  );
  return { strategy: { canary: { steps } } } as unknown as JsonObject;
}

// ---- accidents

const CALL_FAULTS: readonly CallFault[] = [
  'crash-before-write',
  'crash-after-write',
  'crash-after-write',
  'lost-answer',
  'lost-request',
  'http-409',
  'http-429',
  'http-500',
  'http-503',
  'slow-write',
  'sleep-before-write',
  'sleep-after-write',
];
const WEATHERS: readonly Weather['fault'][] = [
  'lost-answer',
  'lost-request',
  'http-409',
  'http-429',
  'http-500',
  'slow-write',
  'watch-delay',
  'watch-delay',
  'watch-drop',
  'watch-duplicate',
  'watch-cut',
  'read-error',
  'stale-list',
];
const TARGETS = [
  undefined,
  undefined,
  undefined,
  'Rollout/status',
  'ReplicaSet',
  'Service',
  'Ingress',
  'AnalysisRun',
  'AnalysisRun/status',
  'Event',
];
const WATCH_TARGETS = [undefined, undefined, 'Rollout', 'ReplicaSet', 'Service', 'Ingress', 'AnalysisRun'];

function randomFault(dice: Dice, setup: Setup): Action {
  const routed = setup.objects.some(({ kind }) => kind === 'Ingress');
  const services = setup.objects
    .filter(({ kind }) => kind === 'Service')
    .map(({ metadata }) => metadata.name);
  return dice.weighted<() => Action>([
    [
      8,
      () => ({
        do: 'aim',
        fault: dice.pick(CALL_FAULTS),
        nth: dice.weighted([
          [3, 1],
          [3, dice.int(1, 5)],
          [2, dice.int(3, 15)],
        ]),
        target: dice.pick(TARGETS),
        forMs: dice.pick([100, 1, 5, 20, 60]) * SECOND,
      }),
    ],
    [
      5,
      () => {
        const fault = dice.pick(WEATHERS);
        return {
          do: 'weather',
          fault,
          rate: dice.pick([0.05, 0.2, 0.5, 0.9]),
          forMs: dice.int(5, 90) * SECOND,
          lengthMs: dice.pick([0.2, 2, 10, 40]) * SECOND,
          salt: dice.seed(),
          target: dice.pick(fault.startsWith('watch') ? WATCH_TARGETS : TARGETS),
        };
      },
    ],
    [1.5, () => ({ do: 'crash', forMs: dice.pick([0, 1, 10, 60]) * SECOND })],
    [1.5, () => ({ do: 'sleep', forMs: dice.pick([5, 25, 45, 120]) * SECOND, machine: dice.chance(0.5) })],
    [0.7, () => ({ do: 'clock-jump', ms: dice.pick([-60, -10, -2, 2, 10, 60]) * SECOND })],
    [setup.processes === 2 ? 2 : 0, () => ({ do: 'steal-lease' })],
    [2, () => ({ do: 'kill-pods', count: dice.int(1, 4), of: dice.pick(['any', 'stable', 'canary']) })],
    [1.5, () => ({ do: 'unready-pods', count: dice.int(1, 4), forMs: dice.int(2, 60) * SECOND })],
    [0.7, () => ({ do: 'delete-endpoints' })],
    [0.5, () => ({ do: 'delete-replica-set', of: dice.pick(['stable', 'canary']) })],
    [routed ? 1.5 : 0, () => ({ do: 'rewrite-route', weight: dice.pick([0, 50, 100]) })],
    [routed ? 1 : 0, () => ({ do: 'delete-route' })],
    [services.length > 1 ? 1 : 0, () => ({ do: 'rewrite-selector', service: dice.pick(services) })],
    [
      2,
      () => ({
        do: 'backend',
        mode: dice.pick(['lie', 'hang', 'empty', 'nan', 'error', 'garbage']),
        forMs: dice.int(5, 60) * SECOND,
      }),
    ],
    [0.7, () => ({ do: 'compact' })],
  ])();
}
