/** Draws a history from a seed: a valid world, and what happens to it. */

import type { KubeObject } from '../../src/kube/api.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { Dice } from './dice.ts';
import { withAnalysis } from './generate-analysis.ts';
import { withAsks } from './generate-asks.ts';
import { withMistakes } from './generate-broken.ts';
import { withBudgets } from './generate-budgets.ts';
import { randomEvents } from './generate-events.ts';
import { withEvidence } from './generate-evidence.ts';
import { withOddities } from './generate-odd.ts';
import { withRoutes } from './generate-routes.ts';
import { withSide } from './generate-side.ts';
import type { History, HistoryEvent, Setup } from './history.ts';
import {
  analysisOf,
  analysisTemplate,
  deployment,
  imageOf,
  ingress,
  podTemplate,
  rollout,
  service,
} from './manifests.ts';

/**
 * Kinds of worlds and events of their own, each with a stream of dice of its own, so that what one draws changes nothing
 * of the others. Who reads is last, because some of their histories have nothing else in them.
 */
const KINDS: readonly ((history: History) => History)[] = [
  withRoutes,
  withOddities,
  withMistakes,
  withSide,
  withAnalysis,
  withBudgets,
  withEvidence,
  withAsks,
];

export function randomHistory(seed: number): History {
  const dice = new Dice(seed);
  const setup = withFirstVersion(seed, randomSetup(dice));
  const plain = { seed, setup, events: withTermination(seed, randomEvents(dice, setup)) };
  return KINDS.reduce<History>((history, add) => add(history), plain);
}

/** Now and then somebody ends what is measured, early or late in the first release. Not by the dice, as above. */
function withTermination(seed: number, events: readonly HistoryEvent[]): readonly HistoryEvent[] {
  const first = events.find((event) => event.do === 'image');
  if (seed % 11 !== 0 || first === undefined) return events;
  const terminate: HistoryEvent = { at: first.at + (5 + (seed % 7) * 5) * 1_000, do: 'terminate' };
  return [...events, terminate].toSorted((a, b) => a.at - b.at);
}

/** Now and then the first version never comes up. Not by the dice: the rest of a history stays what it was. */
function withFirstVersion(seed: number, setup: Setup): Setup {
  const spec = setup.rollout['spec'] as JsonObject;
  if (seed % 13 !== 0 || setup.source !== 'rollout' || spec['template'] === undefined) return setup;
  const text = JSON.stringify(spec['template']).replaceAll(imageOf('v1'), imageOf('bad-v1'));
  const template = JSON.parse(text) as JsonObject;
  return { ...setup, rollout: { ...setup.rollout, spec: { ...spec, template } } };
}

export function randomSetup(dice: Dice): Setup {
  const templates = randomTemplates(dice);
  const names = templates.map(({ metadata }) => metadata.name);
  const { strategy, objects } = dice.chance(0.65) ? randomCanary(dice, names) : randomBlueGreen(dice, names);
  const spec = randomSpec(dice);
  const source = dice.weighted<Setup['source']>([
    [7, 'rollout'],
    [1, 'workload'],
    [2, 'git'],
  ]);
  const fromWorkload = source === 'workload';
  return {
    objects: [...templates, ...objects, ...(fromWorkload ? [deployment(podTemplate('v1', spec.pods))] : [])],
    rollout: rollout(strategy, {
      ...spec.fields,
      ...(fromWorkload
        ? {
            template: undefined,
            workloadRef: {
              apiVersion: 'apps/v1',
              kind: 'Deployment',
              name: 'web',
              ...dice.maybe(0.7, 'scaleDown', () => dice.pick(['never', 'onsuccess', 'progressively'])),
            },
          }
        : { template: podTemplate('v1', spec.pods) }),
    }),
    processes: dice.chance(0.4) ? 2 : 1,
    source,
  };
}

function randomSpec(dice: Dice): { fields: JsonObject; pods: JsonObject } {
  const fields = {
    replicas: dice.weighted([
      [2, 1],
      [2, 2],
      [3, 3],
      [2, 4],
      [3, 5],
      [1, 7],
    ]),
    ...dice.maybe(0.3, 'minReadySeconds', () => dice.int(1, 12)),
    ...dice.maybe(0.6, 'progressDeadlineSeconds', () => dice.int(20, 120)),
    ...dice.maybe(0.4, 'progressDeadlineAbort', () => true),
    ...dice.maybe(0.3, 'revisionHistoryLimit', () => dice.int(0, 3)),
    ...dice.maybe(0.2, 'rollbackWindow', () => ({ revisions: dice.int(1, 3) })),
    ...dice.maybe(0.15, 'analysis', () => ({
      successfulRunHistoryLimit: dice.int(0, 2),
      unsuccessfulRunHistoryLimit: dice.int(0, 2),
    })),
  };
  const pods = {
    ...dice.maybe(0.4, 'sandbox.sluice.dev/stop-delay-ms', () => String(dice.int(1, 20) * 1000)),
    ...dice.maybe(0.3, 'sandbox.sluice.dev/start-delay-ms', () => String(dice.int(1, 12) * 1000)),
  };
  return { fields: fields as unknown as JsonObject, pods };
}

// ---- canary

function randomCanary(
  dice: Dice,
  templates: readonly string[],
): { strategy: JsonObject; objects: KubeObject[] } {
  const routed = dice.chance(0.6);
  const services = routed || dice.chance(0.6);
  const maxWeight = routed && dice.chance(0.15) ? 1000 : 100;
  const steps = Array.from({ length: dice.int(0, 6) }, () => randomStep(dice, routed, maxWeight, templates));
  const strategy = {
    steps,
    ...randomFences(dice),
    ...(services ? { stableService: 'web-stable', canaryService: 'web-canary' } : {}),
    ...(routed
      ? {
          trafficRouting: {
            nginx: { stableIngress: 'web' },
            ...(maxWeight === 100 ? {} : { maxTrafficWeight: maxWeight }),
          },
          ...dice.maybe(0.4, 'scaleDownDelaySeconds', () => dice.pick([0, 5, 20, 60])),
          ...dice.maybe(0.4, 'abortScaleDownDelaySeconds', () => dice.pick([0, 5, 20, 60])),
          ...dice.maybe(0.2, 'scaleDownDelayRevisionLimit', () => dice.int(0, 2)),
          ...dice.maybe(0.15, 'minPodsPerReplicaSet', () => dice.int(1, 3)),
        }
      : {}),
    ...dice.maybe(0.15, 'replicaProgressThreshold', () =>
      dice.chance(0.5)
        ? { type: 'Percent', value: dice.int(1, 100) }
        : { type: 'Pods', value: dice.int(1, 4) },
    ),
    ...dice.maybe(0.25, 'analysis', () => ({
      ...analysisOf(dice.pick(templates)),
      ...dice.maybe(0.4, 'startingStep', () => dice.int(0, 3)),
    })),
    ...dice.maybe(0.2, 'canaryMetadata', () => ({
      labels: { role: 'canary' },
      annotations: { note: 'canary' },
    })),
    ...dice.maybe(0.2, 'stableMetadata', () => ({ labels: { role: 'stable' } })),
    ...dice.maybe(0.1, 'antiAffinity', () => ({
      preferredDuringSchedulingIgnoredDuringExecution: { weight: dice.int(1, 100) },
    })),
  };
  const objects = [
    ...(services ? [service('web-stable'), service('web-canary')] : [service('web')]),
    ...(routed ? [ingress('web-stable')] : []),
  ];
  return { strategy: { canary: strategy as unknown as JsonObject }, objects };
}

/** Both zero is refused; the word of the reference is that the digits are what counts. */
function randomFences(dice: Dice): JsonObject {
  const values = [0, 1, 2, '0%', '10%', '25%', '50%', '100%'];
  const surge = dice.chance(0.6) ? dice.pick(values) : undefined;
  const unavailable = dice.chance(0.6) ? dice.pick(values) : undefined;
  const none = (value: number | string | undefined): boolean => value === 0 || value === '0%';
  return {
    ...(surge === undefined ? {} : { maxSurge: surge }),
    ...(unavailable === undefined || (none(surge) && none(unavailable))
      ? {}
      : { maxUnavailable: unavailable }),
  };
}

function randomStep(
  dice: Dice,
  routed: boolean,
  maxWeight: number,
  templates: readonly string[],
): JsonObject {
  const scale = (): JsonObject =>
    dice.pick<JsonObject>([
      { replicas: dice.int(0, 4) },
      { weight: dice.int(0, 100) },
      { matchTrafficWeight: true },
    ]);
  return dice.weighted<() => JsonObject>([
    [5, () => ({ setWeight: dice.chance(0.1) ? dice.pick([0, maxWeight]) : dice.int(1, maxWeight) })],
    [3, () => ({ pause: { duration: dice.pick([1, 5, 10, 30, '15s', '20']) } })],
    [1, () => ({ pause: {} })],
    [2, () => ({ analysis: analysisOf(dice.pick(templates)) })],
    [routed ? 2 : 0, () => ({ setCanaryScale: scale() })],
  ])();
}

// ---- blue-green

function randomBlueGreen(
  dice: Dice,
  templates: readonly string[],
): { strategy: JsonObject; objects: KubeObject[] } {
  const preview = dice.chance(0.6);
  const strategy = {
    activeService: 'web-active',
    ...(preview ? { previewService: 'web-preview' } : {}),
    ...dice.maybe(0.3, 'previewReplicaCount', () => dice.int(1, 3)),
    ...dice.maybe(0.4, 'autoPromotionEnabled', () => dice.chance(0.5)),
    ...dice.maybe(0.3, 'autoPromotionSeconds', () => dice.pick([1, 10, 30])),
    ...dice.maybe(0.4, 'scaleDownDelaySeconds', () => dice.pick([0, 5, 30, 60])),
    ...dice.maybe(0.2, 'scaleDownDelayRevisionLimit', () => dice.int(0, 1)),
    ...dice.maybe(0.3, 'abortScaleDownDelaySeconds', () => dice.pick([0, 5, 30])),
    ...dice.maybe(0.35, 'prePromotionAnalysis', () => analysisOf(dice.pick(templates))),
    ...dice.maybe(0.35, 'postPromotionAnalysis', () => analysisOf(dice.pick(templates))),
    ...dice.maybe(0.2, 'activeMetadata', () => ({ labels: { role: 'active' } })),
    ...dice.maybe(0.2, 'previewMetadata', () => ({ labels: { role: 'preview' } })),
    ...dice.maybe(0.1, 'antiAffinity', () => ({ requiredDuringSchedulingIgnoredDuringExecution: {} })),
  };
  return {
    strategy: { blueGreen: strategy as unknown as JsonObject },
    objects: [service('web-active'), ...(preview ? [service('web-preview')] : [])],
  };
}

// ---- analysis

function randomTemplates(dice: Dice): KubeObject[] {
  return ['success-a', 'success-b'].map((name) => {
    const repeated = dice.chance(0.6);
    return analysisTemplate(name, {
      ...(repeated ? { interval: dice.pick(['3s', '5s', '20s']), count: dice.int(1, 4) } : {}),
      ...dice.maybe(0.3, 'failureLimit', () => dice.int(0, 2)),
      ...dice.maybe(0.2, 'inconclusiveLimit', () => dice.int(0, 2)),
      ...dice.maybe(0.3, 'consecutiveErrorLimit', () => dice.int(0, 3)),
      ...dice.maybe(0.2, 'initialDelay', () => dice.pick(['2s', '10s'])),
      ...dice.weighted<JsonObject>([
        [6, {}],
        [2, { failureCondition: 'result[0] < 0.5' }],
        // Neither holds at 1: inconclusive.
        [1, { successCondition: 'result[0] > 1', failureCondition: 'result[0] < 0.5' }],
      ]),
    });
  });
}
