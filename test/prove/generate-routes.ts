/**
 * Worlds with a router that can do all that any router can (`test/routers/recorder.ts`): header and mirror routes,
 * versions behind Services or instead of them, ping-pong, a stable version that shrinks, another whole, and a data plane
 * that confirms weights at once, late, never, or not any more. Not by the dice of the history.
 */

import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { RECORDER_ROUTING } from '../routers/recorder.ts';
import { Dice } from './dice.ts';
import type { Confirms, History, HistoryEvent, Setup } from './history.ts';
import { analysisOf, service, SHOP } from './manifests.ts';

const SECOND = 1_000;
const STREAM = 0x726f757465;
/** One history in so many. */
const EACH = 6;
const ROUTES = ['beta', 'shadow', 'staff'];

export const isRouted = (seed: number): boolean => seed % EACH === 1;

export function withRoutes(history: History): History {
  const { seed, setup, events } = history;
  if (!isRouted(seed)) return history;
  const dice = new Dice(seed ^ STREAM);
  const ends = dice.weighted<Ends>([
    [3, 'services'],
    [3, 'pingPong'],
    [2, 'versions'],
  ]);
  const templates = setup.objects
    .filter(({ kind }) => kind === 'AnalysisTemplate')
    .map(({ metadata }) => metadata.name);
  const spec = setup.rollout['spec'] as JsonObject;
  const whole = dice.chance(0.2) ? 1000 : 100;
  const strategy = { canary: strategyOf(dice, ends, whole, templates) };
  const names = { services: ['web-stable', 'web-canary'], pingPong: ['web-ping', 'web-pong'], versions: [] };
  const kept = setup.objects.filter(({ kind }) => kind !== 'Service' && kind !== 'Ingress');
  const confirms = dice.weighted<Confirms | undefined>([
    [3, undefined],
    [2, 'at once'],
    [2, 'late'],
  ]);
  // A syncer that heals the weights would fight with the router: they are nothing for Git.
  const records = setup.source === 'git' ? [] : [route(ends, whole)];
  const changed: Setup = {
    ...setup,
    objects: [...kept, ...names[ends].map((name) => service(name)), ...records],
    rollout: { ...setup.rollout, spec: { ...spec, strategy } as unknown as JsonObject },
    router: { confirms },
  };
  return {
    ...history,
    setup: changed,
    events: [...events.filter(isElsewhere), ...routeEvents(dice, events, ends, confirms)].toSorted(
      (a, b) => a.at - b.at,
    ),
  };
}

type Ends = 'services' | 'pingPong' | 'versions';

/** Not about objects that this world has not. */
const isElsewhere = (event: HistoryEvent): boolean =>
  event.do !== 'rewrite-selector' && !(event.do === 'spec' && event.spec['strategy'] !== undefined);

/** The route as its owner wrote it: everything goes to stable. */
const route = (ends: Ends, whole: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web-weights', namespace: SHOP },
  data: {
    canary: '0',
    stable: String(whole),
    canaryService: { services: 'web-canary', pingPong: 'web-pong', versions: '' }[ends],
    stableService: { services: 'web-stable', pingPong: 'web-ping', versions: '' }[ends],
    additional: '[]',
    managed: '[]',
  },
});

function strategyOf(dice: Dice, ends: Ends, max: number, templates: readonly string[]): JsonObject {
  const dynamic = dice.chance(0.4);
  const { maxSurge, maxUnavailable } = dice.pick([
    {},
    {},
    { maxSurge: 1, maxUnavailable: 0 },
    { maxSurge: 0, maxUnavailable: 1 },
    { maxSurge: '50%', maxUnavailable: '50%' },
  ] as { maxSurge?: number | string; maxUnavailable?: number | string }[]);
  const strategy = {
    ...(ends === 'services' ? { stableService: 'web-stable', canaryService: 'web-canary' } : {}),
    ...(ends === 'pingPong' ? { pingPong: { pingService: 'web-ping', pongService: 'web-pong' } } : {}),
    trafficRouting: {
      ...RECORDER_ROUTING,
      managedRoutes: ROUTES.map((name) => ({ name })),
      ...(max === 100 ? {} : { maxTrafficWeight: max }),
    },
    steps: Array.from({ length: dice.int(1, 7) }, () => stepOf(dice, max, templates)),
    ...(dynamic ? { dynamicStableScale: true } : {}),
    ...(dynamic ? {} : dice.maybe(0.4, 'scaleDownDelaySeconds', () => dice.pick([0, 5, 20]))),
    ...dice.maybe(0.5, 'abortScaleDownDelaySeconds', () => dice.pick([0, 5, 20, 60])),
    ...dice.maybe(0.15, 'minPodsPerReplicaSet', () => dice.int(1, 3)),
    ...dice.maybe(0.2, 'analysis', () => analysisOf(dice.pick(templates))),
    ...(maxSurge === undefined ? {} : { maxSurge }),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
  };
  return strategy as unknown as JsonObject;
}

function stepOf(dice: Dice, max: number, templates: readonly string[]): JsonObject {
  const name = dice.pick(ROUTES);
  const header = { headerName: 'x-client', headerValue: { exact: name } };
  return dice.weighted<() => JsonObject>([
    [5, () => ({ setWeight: dice.pick([0, dice.int(1, max), dice.int(1, max), max]) })],
    [3, () => ({ pause: { duration: dice.pick([1, 5, 15]) } })],
    [0.5, () => ({ pause: {} })],
    [2, () => ({ setHeaderRoute: { name, match: [header] } })],
    [1, () => ({ setHeaderRoute: { name } })],
    [
      1.5,
      () => ({
        setMirrorRoute: { name, percentage: dice.int(1, 100), match: [{ method: { exact: 'GET' } }] },
      }),
    ],
    [0.7, () => ({ setMirrorRoute: { name } })],
    [1, () => ({ analysis: analysisOf(dice.pick(templates)) })],
    [
      2,
      () => ({
        setCanaryScale: dice.pick<JsonObject>([
          { replicas: dice.int(0, 4) },
          { weight: dice.int(0, 100) },
          { matchTrafficWeight: true },
        ]),
      }),
    ],
  ])();
}

function routeEvents(
  dice: Dice,
  events: readonly HistoryEvent[],
  ends: Ends,
  confirms: Confirms | undefined,
): HistoryEvent[] {
  const first = events.find((event) => event.do === 'image')?.at ?? 10 * SECOND;
  const last = (events.at(-1)?.at ?? first) + 30 * SECOND;
  const at = (): number => dice.int(first, last);
  const made: HistoryEvent[] = [];
  if (dice.chance(0.3)) made.push({ at: at(), do: 'rewrite-route', weight: dice.pick([0, 50, 100]) });
  if (dice.chance(0.2)) made.push({ at: at(), do: 'delete-route' });
  if (dice.chance(0.2) && ends !== 'versions')
    made.push({
      at: at(),
      do: 'rewrite-selector',
      service: dice.pick(ends === 'services' ? ['web-stable', 'web-canary'] : ['web-ping', 'web-pong']),
    });
  if (confirms !== undefined)
    for (let i = dice.int(0, 3); i > 0; i--)
      made.push({
        at: at(),
        do: 'confirms',
        mode: dice.pick(['late', 'never', 'not known', 'error']),
        forMs: dice.int(5, 60) * SECOND,
      });
  // The steps as they are, and other ones in their place.
  if (dice.chance(0.3))
    made.push({
      at: at(),
      do: 'spec',
      spec: {
        strategy: {
          canary: { steps: Array.from({ length: dice.int(0, 5) }, () => stepOf(dice, 100, ['success-a'])) },
        },
      },
    });
  return made;
}
