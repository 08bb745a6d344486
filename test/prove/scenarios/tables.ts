/**
 * Every row of the tables of which random histories draw some: each mistake in a Rollout and beside it, each file that
 * `plan` is given, each run that no Rollout has made, each thing that becomes of the objects of an Application.
 */

import type { KubeObject } from '../../../src/kube/api.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { MISTAKES, type Place, PRUNED } from '../broken-rollouts.ts';
import { ODDITIES } from '../generate-odd.ts';
import type { Action, History, HistoryEvent } from '../history.ts';
import { LINT_FILES } from '../lint-files.ts';
import { analysisTemplate, deployment, podTemplate, SHOP, SIDE } from '../manifests.ts';
import { ODD_RUNS, oddRun } from '../odd-runs.ts';
import { COMMITS, FILES, LIVES, SIDE_MISTAKES, sideApplication } from '../side-objects.ts';
import type { Scenario } from './types.ts';
import { basic, blueGreen, routed, second } from './worlds.ts';

const everywhere: KubeObject = {
  ...analysisTemplate('success-everywhere'),
  kind: 'ClusterAnalysisTemplate',
  metadata: { name: 'success-everywhere' },
};

const OPEN = { crds: 'open', flags: { prunedFields: PRUNED } } as const;
const STEPS: JsonObject[] = [{ setWeight: 50 }, { pause: {} }];

/** One after the other, each so long. */
const inTurn = (from: number, each: number, actions: readonly Action[]): HistoryEvent[] =>
  actions.map((action, i) => ({ at: second(from + i * each), ...action }));

/** Each mistake is mended before the next one is made. */
const mistakes = (fits: (places: readonly Place[]) => boolean): HistoryEvent[] =>
  inTurn(
    40,
    2,
    MISTAKES.filter((mistake) => fits(mistake.in)).flatMap(({ what, of, change }): Action[] => [
      { do: 'break', what, of, change },
      { do: 'mend' },
    ]),
  );

const also = (history: History, ...objects: KubeObject[]): History => ({
  ...history,
  setup: { ...history.setup, objects: [...history.setup.objects, ...objects] },
});

const v2: HistoryEvent = { at: second(30), do: 'image', tag: 'v2' };

export const TABLES: readonly Scenario[] = [
  {
    of: [],
    title: 'every mistake in a routed canary in the middle of a release is mended, and the release goes on',
    history: also(
      routed(
        STEPS,
        [v2, ...mistakes((places) => !places.some((p) => p === 'blueGreen' || p === 'workload'))],
        {
          setup: OPEN,
        },
      ),
      everywhere,
    ),
    // Some of them are steps that may be done, to the end.
    end: /^(Paused|Healthy)/,
  },
  {
    of: [],
    title: 'every mistake in a blue-green in the middle of a release, mended: the release waits where it was',
    history: also(
      blueGreen(
        { autoPromotionEnabled: false },
        [v2, ...mistakes((places) => places.every((p) => p === 'blueGreen' || p === 'template'))],
        { setup: OPEN },
      ),
      everywhere,
    ),
    end: /^Paused \(BlueGreenPause/,
  },
  {
    of: [],
    title: 'every mistake in a workload, mended: the release waits where it was',
    history: also(
      basic(STEPS, [v2, ...mistakes((places) => places.includes('workload'))], {
        spec: { template: null, workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } },
        setup: { ...OPEN, source: 'workload' },
      }),
      deployment(podTemplate('v1')),
    ),
    end: /^Paused \(CanaryPauseStep/,
  },
  {
    of: [],
    title: 'every file with other routers that plan is given has its problems named, and changes nothing',
    history: routed(
      STEPS,
      inTurn(
        30,
        1,
        LINT_FILES.map(({ canary, beside }): Action => ({ do: 'lint', canary, beside })),
      ),
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'every odd thing that people write in a release is borne',
    history: routed(
      STEPS,
      [
        v2,
        ...inTurn(
          40,
          5,
          ODDITIES.flatMap((oddity): Action[] => [oddity, { do: 'mend' }]),
        ),
      ],
      { canary: { canaryMetadata: { labels: { role: 'new' } } } },
    ),
    end: /^(Paused|Healthy)/,
  },
  {
    of: [],
    title: 'every run that no Rollout has made comes to an end',
    history: basic(
      STEPS,
      inTurn(
        10,
        1,
        ODD_RUNS.map((_, i): Action => ({ do: 'make', ...oddRun(i, `by-hand-${i}`) })),
      ),
      {
        setup: {
          crds: 'open',
          objects: [
            {
              apiVersion: 'v1',
              kind: 'Secret',
              metadata: { name: 'web-secret', namespace: SHOP },
              data: { token: btoa('top secret+1'), limit: btoa('0.5') },
            },
          ],
        },
      },
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'everything that becomes of the objects of an Application is told',
    history: basic(
      [],
      [
        ...inTurn(
          20,
          3,
          LIVES.map(({ of, status }): Action => ({
            do: 'live',
            of: of === `Application/${SIDE}` ? `${of}/${SHOP}` : of,
            status,
          })),
        ),
      ],
      { setup: { side: { application: sideApplication(SHOP, true), files: FILES } } },
    ),
    end: /^Healthy/,
  },
  {
    of: [],
    title: 'every mistake in an Application is named, and mended it goes on',
    history: basic(
      [],
      inTurn(
        20,
        4,
        SIDE_MISTAKES.flatMap(({ what, change }, i): Action[] => [
          { do: 'break', what, of: `Application/${SIDE}/${SHOP}`, change },
          { do: 'commit', files: (COMMITS[i % COMMITS.length] as (typeof COMMITS)[number]).files },
          { do: 'mend' },
        ]),
      ),
      { setup: { side: { application: sideApplication(SHOP, false), files: FILES } } },
    ),
    end: /^Healthy/,
  },
];
