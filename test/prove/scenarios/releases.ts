/** Ways back, ways round, and what stands in the way of a release. */

import type { KubeObject } from '../../../src/kube/api.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { podTemplateHash } from '../../../src/lang/pod-hash.ts';
import { RECORDER_ROUTING } from '../../routers/recorder.ts';
import type { History, HistoryEvent } from '../history.ts';
import { analysisOf, deployment, podTemplate, SHOP, templateOf } from '../manifests.ts';
import { ask, command, image, rehearse } from './events.ts';
import type { Scenario } from './types.ts';
import { basic, blueGreen, routed, second } from './worlds.ts';

const broken = (at: number, of: string, what: string, change: object | null): HistoryEvent => ({
  at: second(at),
  do: 'break',
  what,
  of,
  change: change as JsonObject | null,
});
const says = (at: number, of: string, status: object): HistoryEvent => ({
  at: second(at),
  do: 'live',
  of,
  status: status as JsonObject,
});
const mend = (at: number): HistoryEvent => ({ at: second(at), do: 'mend' });
const window = (revisions: number): JsonObject => ({ rollbackWindow: { revisions } });

const referring = (scaleDown: string, replicas: number, events: readonly HistoryEvent[]): History => {
  const history = basic([{ setWeight: 50 }, { pause: { duration: 20 } }], events, {
    spec: {
      workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', scaleDown },
    },
    setup: { source: 'workload' },
  });
  const workload = deployment(podTemplate('v1'));
  const sized = { ...workload, spec: { ...(workload['spec'] as JsonObject), replicas } };
  const { rollout, objects } = history.setup;
  const { template: _, ...spec } = rollout['spec'] as JsonObject;
  return {
    ...history,
    setup: { ...history.setup, rollout: { ...rollout, spec }, objects: [...objects, sized] },
  };
};

export const RELEASES: readonly Scenario[] = [
  ...(
    [
      ['goes back to its stable version', [image(70, 'v1')], /^Healthy/],
      [
        'is superseded',
        [image(70, 'v3'), command(120, 'promote'), command(160, 'promote')],
        /^(Healthy|Paused)/,
      ],
      ['is superseded, and that is aborted at once', [image(70, 'v3'), command(70.3, 'abort')], /^Degraded/],
      ['is superseded, and that goes back', [image(70, 'v3'), image(71, 'v1')], /^Healthy/],
      ['is aborted', [command(70, 'abort'), ask(70.5), rehearse(70.6)], /^Degraded/],
      ['is promoted in full', [command(70, 'promote-full'), ask(70.5), rehearse(70.6)], /^Healthy/],
      [
        'loses all its pods, and is aborted',
        [{ at: second(70), do: 'kill-pods', count: 9, of: 'canary' }, command(70.2, 'abort')],
        /^Degraded/,
      ],
      [
        'is scaled to nothing, and aborted',
        [{ at: second(70), do: 'scale', replicas: 0, by: 'hpa' }, command(90, 'abort')],
        /^Degraded/,
      ],
    ] as const
  ).map(([what, events, end]): Scenario => ({
    of: [],
    title: `a canary with a stable version that shrinks ${what}, and nobody is sent to a version without pods`,
    history: routed(
      [{ setWeight: 60 }, { pause: {} }, { setWeight: 80 }, { pause: {} }],
      [image(30, 'v2'), ...events],
      {
        canary: {
          dynamicStableScale: true,
          replicaProgressThreshold: { type: 'Percent', value: 75 },
        },
        spec: { replicas: 5 },
      },
    ),
    end,
  })),
  {
    of: [],
    title: 'a canary goes back within the rollback window without its steps',
    history: routed(
      [{ setWeight: 25 }, { pause: { duration: 20 } }, { setWeight: 50 }],
      [image(30, 'v2'), image(120, 'v1'), ask(121), ask(122), rehearse(123)],
      { spec: window(2) },
    ),
    end: /^Healthy/,
    tells: [/12[0-9]\.\d s {2}a1 updates Rollout\/status web: .*stableRS/],
  },
  {
    of: [],
    title: 'a canary that is scaled to nothing goes back within the rollback window',
    history: basic(
      [{ setWeight: 25 }, { pause: { duration: 20 } }],
      [image(30, 'v2'), image(150, 'v1'), ask(151), rehearse(200, templateOf('v2'))],
      { spec: window(3) },
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'a canary goes back within the window to a version that still has its pods',
    history: routed(
      [{ setWeight: 50 }, { pause: { duration: 10 } }],
      [image(30, 'v2'), image(65, 'v1'), ask(66)],
      { spec: window(2), canary: { scaleDownDelaySeconds: 120 } },
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title:
      'a canary with an analysis of its own goes back in the window: a version that was found bad does not',
    history: routed(
      [{ setWeight: 25 }, { analysis: analysisOf('success') }],
      [
        image(30, 'v2'),
        image(100, 'worse-v3'),
        command(160, 'retry'),
        image(200, 'v1'),
        image(260, 'worse-v3'),
      ],
      { spec: window(5) },
    ),
    end: /^Degraded \(RolloutAborted/,
  },
  {
    of: [],
    title: 'an edit of the steps alone within the rollback window changes no version',
    history: routed(
      [{ setWeight: 25 }, { pause: {} }],
      [
        image(30, 'v2'),
        command(60, 'promote'),
        image(100, 'v1'),
        {
          at: second(101),
          do: 'spec',
          spec: { strategy: { canary: { steps: [{ setWeight: 10 }, { pause: {} }] } } },
        },
        command(200, 'promote'),
      ],
      { spec: window(1) },
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'a blue-green goes back within the rollback window without its gates',
    history: blueGreen(
      { autoPromotionEnabled: false, prePromotionAnalysis: analysisOf('success'), scaleDownDelaySeconds: 5 },
      [image(30, 'v2'), command(60, 'promote'), image(150, 'v1'), ask(151), rehearse(152)],
      { spec: window(2) },
    ),
    end: /^Healthy/,
    tells: [/15\d\.\d s {2}a1 updates Service web-active: .*selector/],
  },
  {
    of: [],
    title: 'a blue-green goes back at once to a version that still has its pods',
    history: blueGreen(
      {
        autoPromotionEnabled: false,
        postPromotionAnalysis: analysisOf('success'),
        scaleDownDelaySeconds: 300,
      },
      [image(30, 'v2'), command(60, 'promote'), image(90, 'v1'), ask(91), rehearse(92, templateOf('v2'))],
    ),
    end: /^Healthy/,
    tells: [/9\d\.\d s {2}a1 updates Service web-active: .*selector/],
  },
  {
    of: [],
    title: 'a blue-green that is aborted after its switch has its traffic back, and is retried',
    history: blueGreen(
      {
        postPromotionAnalysis: analysisOf('success'),
        scaleDownDelaySeconds: 60,
        abortScaleDownDelaySeconds: 5,
      },
      [image(30, 'worse-v2'), ask(50), rehearse(55), command(90, 'retry'), ask(95), image(150, 'v3')],
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title:
      'a blue-green whose stable version has gone keeps the active Service where it is when it is aborted',
    history: blueGreen(
      { autoPromotionSeconds: 2, postPromotionAnalysis: analysisOf('slow'), scaleDownDelaySeconds: 60 },
      [
        image(30, 'v2'),
        { at: second(44), do: 'kill-pods', count: 9, of: 'stable' },
        command(44.5, 'abort'),
        ask(45),
      ],
      {
        setup: {
          objects: [
            ...blueGreen({}, []).setup.objects,
            {
              ...(blueGreen({}, []).setup.objects[0] as KubeObject),
              metadata: { name: 'slow', namespace: SHOP },
              spec: {
                args: [{ name: 'hash' }],
                metrics: [
                  {
                    name: 'success',
                    initialDelay: '60s',
                    successCondition: 'result[0] >= 0.5',
                    provider: {
                      prometheus: {
                        address: 'http://prometheus.example.com',
                        query: 'rate{metric="success",hash="{{args.hash}}"}',
                      },
                    },
                  },
                ],
              },
            },
          ],
        },
      },
    ),
    end: /^Degraded \(RolloutAborted/,
  },
  {
    of: [],
    title: 'a paused blue-green neither previews nor promotes, and goes on when it is no longer paused',
    history: blueGreen({ previewReplicaCount: 1, scaleDownDelaySeconds: 5 }, [
      command(20, 'pause'),
      image(30, 'v2'),
      ask(40),
      rehearse(41),
      image(50, 'v3'),
      ask(60),
      command(70, 'unpause'),
    ]),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'a blue-green that becomes a canary, and the other way round, ends where it is to',
    history: blueGreen({ autoPromotionEnabled: false, scaleDownDelaySeconds: 5 }, [
      image(30, 'v2'),
      ask(50),
      {
        at: second(60),
        do: 'spec',
        spec: { strategy: { blueGreen: null, canary: { steps: [{ setWeight: 50 }, { pause: {} }] } } },
      },
      ask(80),
      {
        at: second(90),
        do: 'spec',
        spec: {
          strategy: { canary: null, blueGreen: { activeService: 'web-active', autoPromotionEnabled: false } },
        },
      },
      ask(100),
      command(120, 'promote'),
    ]),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'pods of the Deployment that a Rollout refers to go as those of the Rollout come',
    history: referring('progressively', 4, [rehearse(0), ask(1), image(90, 'v2'), ask(91), rehearse(95)]),
    end: /^Healthy/,
    tells: [/updates Deployment\/scale web: spec\.replicas 4/],
  },
  {
    of: [],
    title: 'the Deployment that a Rollout refers to is emptied once the Rollout is Healthy',
    history: referring('onsuccess', 3, [
      rehearse(0),
      rehearse(5),
      ask(6),
      broken(60, 'Deployment/web', 'gone', null),
      ask(65),
      mend(80),
    ]),
    end: /^Healthy/,
    tells: [/updates Deployment\/scale web: spec\.replicas 3 -> 0/],
  },
  {
    of: [],
    title: 'ReplicaSets that fit a Rollout are taken over, and those that no longer fit are let go',
    history: routed(
      [{ setWeight: 50 }, { pause: {} }],
      [
        image(30, 'v2'),
        command(50, 'promote-full'),
        broken(100, 'ReplicaSet/@stable', 'no owner', { metadata: { ownerReferences: null } }),
        image(120, 'v3'),
        broken(130, `ReplicaSet/web-${podTemplateHash(podTemplate('v1'))}`, 'another app', {
          metadata: { labels: { app: 'other' } },
        }),
        rehearse(130.1),
        ask(140),
      ],
      {
        canary: { canaryMetadata: { labels: { role: 'new' } }, stableMetadata: { labels: { role: 'old' } } },
      },
    ),
    end: /^(Paused|Healthy|Degraded)/,
  },
  {
    of: [],
    title: 'a status that somebody wrote is borne, and put right',
    history: routed(
      [{ setWeight: 50 }, { pause: { duration: 30 } }, { setWeight: 70 }, { pause: {} }],
      [
        image(30, 'v2'),
        says(40, 'Rollout/web', { pauseConditions: [{ reason: 'CanaryPauseStep', startTime: 'soon' }] }),
        ask(41),
        rehearse(42),
        says(90, 'Rollout/web', { currentPodHash: null }),
        says(100, 'Rollout/web', { canary: { weights: null } }),
        says(110, 'Rollout/web', { phase: null, message: null }),
        ask(111),
        says(140, 'Rollout/web', {
          conditions: [{ type: 'Progressing', status: 'True', reason: 'x', message: '' }],
        }),
        ask(141),
      ],
      { setup: { crds: 'open' } },
    ),
    end: /^(Paused|Healthy|Degraded)/,
  },
  {
    of: [],
    title: 'a blue-green status that somebody wrote is borne, and put right',
    history: blueGreen(
      { autoPromotionSeconds: 40, scaleDownDelaySeconds: 5 },
      [
        image(30, 'v2'),
        says(50, 'Rollout/web', { pauseConditions: [{ reason: 'BlueGreenPause', startTime: 'soon' }] }),
        ask(51),
        says(60, 'Rollout/web', { pauseConditions: null }),
        ask(61),
        says(62, 'Rollout/web', { controllerPause: true, pauseConditions: null }),
        says(63, 'Rollout/web', { blueGreen: null, currentPodHash: null }),
        ask(64),
        image(200, 'v3'),
        says(210, 'Rollout/web', { conditions: null }),
      ],
      { setup: { crds: 'open', flags: { statusForm: 'int' } } },
    ),
    end: /^(Paused|Healthy|Degraded)/,
  },
  {
    of: [],
    title: 'a refused spec in the middle of a release with a pair of Services obeys an abort',
    history: routed(
      [{ setWeight: 50 }, { pause: {} }],
      [
        image(30, 'v2'),
        { at: second(50), do: 'spec', spec: { replicas: -1 } },
        ask(51),
        command(60, 'abort'),
        ask(61),
        { at: second(90), do: 'spec', spec: { replicas: 4 } },
      ],
      {
        canary: {
          stableService: null,
          canaryService: null,
          pingPong: { pingService: 'web-stable', pongService: 'web-canary' },
          trafficRouting: RECORDER_ROUTING,
        },
        setup: { crds: 'open', router: {} },
      },
    ),
    end: /^(Paused|Degraded)/,
  },
  {
    of: [],
    title: 'a spec that is refused before its deadline is late like any other',
    history: basic(
      [{ setWeight: 50 }, { setWeight: 75 }],
      [
        image(30, 'bad-v2'),
        broken(40, 'Rollout/web', 'two mistakes', { spec: { minReadySeconds: -1, replicas: -1 } }),
        ask(41),
        ask(120),
        mend(200),
        command(210, 'abort'),
      ],
      { spec: { progressDeadlineSeconds: 60 }, setup: { crds: 'open' } },
    ),
    end: /^Degraded/,
  },
  {
    of: [],
    title: 'a release whose pods cannot be made says why, and goes on when they can',
    history: basic(
      [{ setWeight: 50 }, { pause: { duration: 5 } }],
      [
        image(30, 'slow-v2'),
        says(31, 'ReplicaSet/@canary', {
          conditions: [
            { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota' },
          ],
        }),
        ask(31.2),
        ask(32),
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'a Rollout that is deleted while it releases says so to those who ask',
    history: basic(
      [{ setWeight: 50 }, { pause: {} }],
      [
        image(30, 'v2'),
        { at: second(50), do: 'recreate', afterMs: second(10), foreground: true },
        ask(50.01),
        ask(51),
        ask(70),
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'an anti-affinity comes into a release and goes out again',
    history: basic(
      [{ setWeight: 50 }, { pause: {} }],
      [
        {
          at: second(20),
          do: 'spec',
          spec: {
            strategy: { canary: { antiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: {} } } },
          },
        },
        image(30, 'v2'),
        ask(50),
        { at: second(60), do: 'spec', spec: { strategy: { canary: { antiAffinity: null } } } },
        {
          at: second(80),
          do: 'spec',
          spec: {
            strategy: {
              canary: { antiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 3 } } },
            },
          },
        },
        { at: second(90), do: 'spec', spec: { strategy: { canary: { antiAffinity: {} } } } },
        command(120, 'promote'),
        image(200, 'v1'),
        command(260, 'promote'),
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'a version that comes back again and again keeps the list of its revisions short',
    history: basic(
      [],
      [
        image(30, 'v2'),
        image(60, 'v1'),
        image(90, 'v2'),
        broken(100, 'ReplicaSet/@stable', 'a long history', {
          metadata: {
            annotations: {
              'rollout.argoproj.io/revision-history': Array.from({ length: 600 }, (_, i) => i).join(','),
            },
          },
        }),
        image(120, 'v1'),
        image(150, 'v2'),
        image(180, 'v1'),
      ],
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'fields that the definition drops are named, and no longer when they are no longer asked for',
    history: (() => {
      const history = basic(
        [{ setWeight: 50 }, { pause: {} }],
        [
          image(30, 'v2'),
          ask(31),
          ...[
            { spec: { strategy: { canary: { steps: [{ unknown: 1 }] } } } },
            { spec: { strategy: { canary: { unheard: true } }, unheardOf: 1 } },
            { spec: { unheardOf: null } },
            { spec: { strategy: { canary: { steps: 'text' } } } },
            'text',
            5,
          ].map((applied, i) =>
            broken(40 + 5 * i, 'Rollout/web', 'nothing: another manifest was applied', {
              metadata: {
                annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(applied) },
              },
            }),
          ),
          mend(100),
        ],
        {
          setup: {
            flags: {
              prunedFields: [
                'spec.strategy.canary.steps[].unknown',
                'spec.strategy.*.unheard',
                'spec.unheardOf',
              ],
            },
          },
        },
      );
      return history;
    })(),
    end: /^Paused/,
  },
];
