/** What people are told who have an edit rehearsed, or ask why, in places where random histories seldom are. */

import type { JsonObject } from '../../../src/lang/json.ts';
import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import type { HistoryEvent } from '../history.ts';
import {
  analysisOf,
  analysisTemplate,
  deployment,
  ingress,
  podTemplate,
  service,
  templateOf,
} from '../manifests.ts';
import { ask, command, image, rehearse } from './events.ts';
import type { Scenario } from './types.ts';
import { basic, blueGreen, routed, second } from './worlds.ts';

const readThrough = (from: number, to: number, each: number): HistoryEvent[] =>
  Array.from({ length: Math.floor((to - from) / each) + 1 }, (_, i) => ask(from + i * each));

const judged = (metric: JsonObject): Parameters<typeof routed>[2] => ({
  setup: {
    objects: [
      analysisTemplate('success', metric),
      service('web-stable'),
      service('web-canary'),
      ingress('web-stable'),
    ],
  },
});

export const READERS: readonly Scenario[] = [
  {
    of: [],
    title: 'a release that is judged by successes in a row is rehearsed, and goes as it was rehearsed',
    history: routed(
      [{ setWeight: 25 }, { analysis: analysisOf('success') }, { setWeight: 50 }],
      [rehearse(20, templateOf('v2')), image(30, 'v2'), ...readThrough(31, 50, 3), rehearse(38), ask(40)],
      judged({ interval: '4s', count: 9, failureLimit: 4, consecutiveSuccessLimit: 3 }),
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'a background that measures without end is rehearsed, before and in the middle',
    history: routed(
      [{ setWeight: 25 }, { pause: { duration: 30 } }, { setWeight: 50 }],
      [rehearse(20, templateOf('v2')), image(30, 'v2'), rehearse(45), ...readThrough(40, 80, 7)],
      { ...judged({ interval: '6s', failureLimit: 2 }), canary: { analysis: analysisOf('success') } },
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'metadata of pods is part of what is rehearsed',
    history: routed(
      [{ setWeight: 50 }, { pause: {} }],
      [
        rehearse(20, templateOf('v2')),
        image(30, 'v2'),
        rehearse(50),
        rehearse(51, {
          strategy: { canary: { canaryMetadata: { labels: { role: 'newer' }, annotations: { by: 'us' } } } },
        }),
        rehearse(52, {
          strategy: { canary: { antiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } } },
        }),
        rehearse(53, { replicas: null }),
        rehearse(54, { minReadySeconds: 3 }),
        ask(55),
      ],
      {
        canary: { canaryMetadata: { labels: { role: 'new' } }, stableMetadata: { labels: { role: 'old' } } },
      },
    ),
    end: /^Paused/,
  },
  {
    of: [],
    title: 'quantities that nobody can read are taken out, and plan says so before',
    history: basic(
      [{ setWeight: 50 }, { pause: {} }],
      [
        rehearse(20, {
          template: {
            spec: {
              containers: [
                { name: 'app', image: 'example.com/app:v2', resources: { limits: { cpu: 'lots' } } },
              ],
            },
          },
        }),
        image(30, 'v2'),
        rehearse(50, {
          template: {
            spec: {
              containers: [
                { name: 'app', image: 'example.com/app:v3', resources: { requests: { cpu: [] } } },
              ],
            },
          },
        }),
        rehearse(55, { replicas: null }),
      ],
      { setup: { crds: 'open' } },
    ),
    end: /^Paused/,
  },
  {
    of: [],
    title: 'header and mirror routes, scales and pairs of Services are rehearsed and told',
    history: routed(
      [
        { setCanaryScale: { replicas: 1 } },
        { setHeaderRoute: { name: 'early', match: [{ headerName: 'x', headerValue: { exact: 'y' } }] } },
        { setMirrorRoute: { name: 'copy', percentage: 50, match: [{ method: { exact: 'GET' } }] } },
        { pause: { duration: 10 } },
        { setCanaryScale: { weight: 50 } },
        { setWeight: 20 },
        { pause: { duration: 10 } },
        { setCanaryScale: { matchTrafficWeight: true } },
        { setHeaderRoute: { name: 'early' } },
        { setMirrorRoute: { name: 'copy' } },
        { setWeight: 60 },
        { pause: {} },
      ],
      [
        rehearse(20, templateOf('v2')),
        image(30, 'v2'),
        ...readThrough(30.2, 60, 2),
        rehearse(40),
        command(90, 'promote'),
        image(140, 'v3'),
        ...readThrough(141, 160, 4),
        command(170, 'abort'),
        ask(171),
        rehearse(172),
      ],
      {
        canary: {
          stableService: 'web-stable',
          canaryService: 'web-canary',
          trafficRouting: { ...RECORDER_ROUTING, managedRoutes: [{ name: 'early' }, { name: 'copy' }] },
        },
        setup: { router: { confirms: 'late' }, objects: [service('web-stable'), service('web-canary')] },
      },
    ),
    end: /^Degraded \(RolloutAborted/,
  },
  {
    of: [],
    title: 'steps that are not done are refused by name, with plan as with a release',
    history: basic(
      [{ setWeight: 50 }, { pause: {} }],
      [
        rehearse(20, {
          strategy: {
            canary: { steps: [{ experiment: { templates: [{ name: 'a', specRef: 'stable' }] } }] },
          },
        }),
        rehearse(21, { strategy: { canary: { steps: [{ plugin: { name: 'a/b' } }] } } }),
        image(30, 'v2'),
        {
          at: second(50),
          do: 'spec',
          spec: {
            strategy: {
              canary: {
                steps: [
                  { setWeight: 20 },
                  { plugin: { name: 'a/b' } },
                  { experiment: { templates: [{ name: 'a', specRef: 'stable' }] } },
                ],
              },
            },
          },
        },
        ...readThrough(51, 60, 3),
      ],
      { setup: { crds: 'open' } },
    ),
    end: /^Degraded/,
  },
  {
    of: [],
    title: 'a blue-green is told from its preview to the end of its old version',
    history: blueGreen(
      { autoPromotionSeconds: 20, scaleDownDelaySeconds: 20, prePromotionAnalysis: analysisOf('success') },
      [
        rehearse(20, templateOf('v2')),
        image(30, 'v2'),
        ...readThrough(30.2, 90, 2.5),
        image(120, 'bad-v3'),
        ...readThrough(121, 150, 6),
        rehearse(130),
        command(160, 'abort'),
        ...readThrough(160.2, 200, 8),
      ],
      { spec: { progressDeadlineSeconds: 60 } },
    ),
    end: /^Degraded/,
  },
  {
    of: [],
    title: 'a restart, a scale, a deadline and an end are told while they come',
    history: basic(
      [{ setWeight: 50 }, { pause: { duration: 10 } }],
      [
        command(30, 'restart'),
        ...readThrough(30.1, 50, 1.3),
        { at: second(60), do: 'scale', replicas: 6, by: 'person' },
        ...readThrough(60.1, 66, 1.1),
        image(80, 'v2'),
        ...readThrough(80.1, 110, 0.9),
        { at: second(130), do: 'scale', replicas: 0, by: 'hpa' },
        ...readThrough(130.1, 140, 1.7),
        image(150, 'v3'),
        ...readThrough(150.1, 160, 1.7),
      ],
      { spec: { progressDeadlineSeconds: 90, minReadySeconds: 2 } },
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'what the controller would write while it is away is told, and rehearsed',
    history: basic(
      [{ setWeight: 50 }, { pause: {} }],
      [
        image(30, 'v2'),
        { at: second(60), do: 'crash', forMs: second(14) },
        {
          at: second(61),
          do: 'spec',
          spec: { strategy: { canary: { canaryMetadata: { labels: { role: 'newer' } } } } },
        },
        ask(62),
        rehearse(63),
        { at: second(64), do: 'spec', spec: { replicas: null } },
        ask(65),
        rehearse(66),
        { at: second(67), do: 'spec', spec: { replicas: 4 } },
        { at: second(99), do: 'crash', forMs: second(10) },
        {
          at: second(100),
          do: 'break',
          what: 'no owner',
          of: 'ReplicaSet/@stable',
          change: { metadata: { ownerReferences: null } },
        },
        ask(102),
        rehearse(103),
        { at: second(130), do: 'crash', forMs: second(14) },
        image(131, 'v3'),
        ask(132),
        rehearse(133),
        command(134, 'restart'),
        ask(135),
        {
          at: second(136),
          do: 'spec',
          spec: {
            template: {
              spec: {
                containers: [
                  { name: 'app', image: 'example.com/app:v4', resources: { limits: { cpu: 'lots' } } },
                ],
              },
            },
          },
        },
        ask(137),
        rehearse(138),
      ],
      {
        canary: { canaryMetadata: { labels: { role: 'new' } }, stableMetadata: { labels: { role: 'old' } } },
        setup: { crds: 'open' },
      },
    ),
    end: /^Paused/,
  },
  {
    of: [],
    title: 'a route that can not be written, or is never confirmed, is what is waited for',
    history: routed(
      [{ setWeight: 25 }, { pause: { duration: 10 } }, { setWeight: 50 }, { pause: { duration: 10 } }],
      [
        image(30, 'v2'),
        { at: second(38), do: 'confirms', mode: 'never', forMs: second(80) },
        ...readThrough(40, 130, 5),
        rehearse(100),
        image(200, 'v3'),
        {
          at: second(205),
          do: 'weather',
          fault: 'http-500',
          rate: 1,
          forMs: second(70),
          lengthMs: 0,
          salt: 7,
          target: 'ConfigMap',
        },
        ...readThrough(206, 280, 6),
      ],
      {
        spec: { progressDeadlineSeconds: 30 },
        canary: { trafficRouting: RECORDER_ROUTING },
        setup: {
          router: { confirms: 'at once' },
          objects: [service('web-stable'), service('web-canary')],
        },
      },
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'a gate that waits for traffic is told to come too early, and a run that is just made is pending',
    history: routed(
      [{ analysis: analysisOf('success') }, { setWeight: 50 }, { pause: { duration: 10 } }],
      [
        rehearse(20, templateOf('v2')),
        {
          at: second(29),
          do: 'aim',
          fault: 'slow-write',
          nth: 2,
          target: 'AnalysisRun',
          forMs: second(3),
        },
        image(30, 'v2'),
        ...readThrough(30.5, 60, 0.5),
        rehearse(61),
        command(70, 'skip'),
        ask(72),
      ],
      judged({ interval: '5s', count: 2, evidence: { waitForTraffic: true } }),
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'a version of a Deployment is told and rehearsed before the controller has seen it',
    history: basic(
      [{ setWeight: 50 }, { pause: { duration: 20 } }],
      [
        { at: second(29), do: 'crash', forMs: second(8) },
        image(30, 'v2'),
        ask(31),
        rehearse(32),
        ...readThrough(40, 50, 2),
      ],
      {
        spec: { template: null, workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
        setup: {
          crds: 'open',
          source: 'workload',
          objects: [deployment(podTemplate('v1')), service('web')],
        },
      },
    ),
    end: /^Healthy/,
  },
];
