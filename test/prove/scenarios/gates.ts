/** Gates as people write them, get them wrong and change them while they measure. */

import type { KubeObject } from '../../../src/kube/api.ts';
import type { JsonObject } from '../../../src/lang/json.ts';
import { podTemplateHash } from '../../../src/lang/pod-hash.ts';
import { rolloutRunName } from '../../../src/plan/analysis/run-object.ts';
import type { History, HistoryEvent } from '../history.ts';
import { analysisOf, analysisTemplate, NAME, podTemplate, service, SHOP } from '../manifests.ts';
import type { Scenario } from './types.ts';
import { basic, blueGreen, routed, second } from './worlds.ts';

type Fields = Readonly<Record<string, unknown>>;

const prometheus = (shape: string): Fields => ({
  prometheus: {
    address: 'http://prometheus.example.com',
    query: `rate{metric="success",hash="by-hand",shape="${shape}"}`,
  },
});
const web = (shape: string, jsonPath: string): Fields => ({
  web: { url: `http://web.example.com/?q=hash="x",metric="${shape}",shape="${shape}"`, jsonPath },
});
const metric = (fields: Fields, provider: Fields = prometheus('plain')): Fields => ({
  name: 'success',
  successCondition: 'result[0] >= 0.5',
  ...fields,
  provider,
});

/** A run that somebody makes, by its name. */
const run = (
  at: number,
  name: string,
  metrics: readonly Fields[],
  { spec = {}, status, annotations = {} }: { spec?: Fields; status?: Fields; annotations?: Fields } = {},
): HistoryEvent => ({
  at: second(at),
  do: 'make',
  what: name,
  object: {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name, namespace: SHOP, annotations: annotations as Record<string, string> },
    spec: { metrics, ...spec } as unknown as JsonObject,
    ...(status === undefined ? {} : { status: status as unknown as JsonObject }),
  },
});

const broken = (at: number, of: string, what: string, change: Fields): HistoryEvent => ({
  at: second(at),
  do: 'break',
  what,
  of,
  change: change as JsonObject,
});

const endsAs = (name: string, phase: string): RegExp => new RegExp(`AnalysisRun ${name}: .*"${phase}"`);

const secrets: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'web-secret', namespace: SHOP },
  data: { token: btoa('top secret') },
};
const STRICT = { 'sluice.dev/evidence': 'strict' };
const measured = (phase: string): Fields => ({
  phase,
  startedAt: '2025-12-31T23:59:00Z',
  finishedAt: '2025-12-31T23:59:00Z',
});

/** What its second release's run for this place is called. */
const runOf = (infix: string): string => rolloutRunName(NAME, podTemplateHash(podTemplate('v2')), 2, infix);

const second2: HistoryEvent = { at: second(30), do: 'image', tag: 'v2' };

const withTemplate = (name: string, change: Fields): KubeObject => {
  const template = analysisTemplate(name);
  return { ...template, spec: { ...(template['spec'] as JsonObject), ...change } as JsonObject };
};

/** Of the controller `blue`. */
const labelled = (...args: Parameters<typeof basic>): History => {
  const history = basic(...args);
  const labels = { 'argo-rollouts.argoproj.io/controller-instance-id': 'blue' };
  const ours = (object: KubeObject): KubeObject => ({ ...object, metadata: { ...object.metadata, labels } });
  const { rollout, objects } = history.setup;
  return {
    ...history,
    setup: { ...history.setup, rollout: ours(rollout), objects: objects.map(ours) },
  };
};

export const GATES: readonly Scenario[] = [
  {
    of: [],
    title: 'nothing, and what is no number, is judged as the condition asks for it',
    history: basic(
      [],
      [
        run(10, 'or-else', [
          metric({ successCondition: '(result ?? [1])[0] >= 0.5' }, prometheus('nothing')),
        ]),
        run(10, 'length-first', [
          metric({ successCondition: '1 > len(result) || result[0] >= 0.5' }, prometheus('nothing')),
        ]),
        run(11, 'vacuous', [metric({ successCondition: 'all(result, # >= 0.5)' }, prometheus('nothing'))]),
        run(11, 'no-condition', [metric({ successCondition: '' }, prometheus('nothing'))]),
        run(12, 'asked-for', [
          metric(
            { successCondition: 'len(result) == 0 || result[0] >= 0.5', evidence: { noData: 'fail' } },
            prometheus('nothing'),
          ),
        ]),
        run(12, 'stale-passes', [metric({ evidence: { staleSample: 'pass' } }, prometheus('stale'))]),
        run(13, 'series-pass', [metric({ evidence: { multipleSeries: 'pass' } }, prometheus('two'))]),
        run(13, 'scalar-nan', [
          metric(
            { successCondition: 'result >= 0.5', evidence: { nan: 'pass' } },
            web('nothing', '{$.rate}'),
          ),
        ]),
        run(14, 'empty-list', [
          metric({ successCondition: 'len(result) == 0 || result[0] >= 0.5' }, web('nothing', '{$.list}')),
        ]),
        run(14, 'text', [metric({ successCondition: 'result contains "well"' }, prometheus('text'))]),
        run(15, 'scalar', [metric({ successCondition: 'result >= 0.5' }, prometheus('scalar'))]),
        run(15, 'strict-nothing', [metric({ interval: '5s', count: 2 }, prometheus('nothing'))], {
          annotations: STRICT,
        }),
        run(16, 'wrong-condition', [
          metric(
            { successCondition: 'result[0] >=', failureCondition: 'result[0] < 0' },
            prometheus('nothing'),
          ),
        ]),
        run(16, 'few-samples', [
          metric({
            interval: '5s',
            count: 2,
            evidence: { minSamples: 5, samplesQuery: 'n{metric="samples",hash="by-hand",shape="few"}' },
          }),
        ]),
        run(17, 'no-samples', [
          metric({
            evidence: { minSamples: 1, samplesQuery: 'n{metric="samples",hash="x",shape="nothing"}' },
          }),
        ]),
        run(17, 'samples-of-nobody', [
          metric({
            evidence: { minSamples: 1, samplesQuery: 'n{metric="samples",hash="x",shape="quoting"}' },
          }),
        ]),
        run(18, 'null-beside', [metric({}, { job: null, ...prometheus('plain') })]),
        run(18, 'one-fails', [
          metric({ successCondition: 'result[0] > 1' }),
          { ...metric({ initialDelay: '1h' }), name: 'late' },
        ]),
        run(19, 'never-two-in-a-row', [
          metric({
            interval: '1s',
            count: 2,
            failureLimit: 2,
            consecutiveSuccessLimit: 2,
            successCondition: 'result[0] > 1',
          }),
        ]),
        run(19, 'nothing-counted', [metric({})], {
          status: {
            phase: 'Running',
            startedAt: '2025-12-31T23:59:00Z',
            metricResults: [{ name: 'success', phase: 'Running', measurements: [measured('Successful')] }],
          },
        }),
      ],
      { setup: { crds: 'open', objects: [secrets, service('web')] } },
    ),
    end: /^Healthy/,
    tells: [
      endsAs('length-first', 'Successful'),
      endsAs('vacuous', 'Inconclusive'),
      endsAs('one-fails', 'Failed'),
    ],
  },
  {
    of: [],
    title: 'a run that is edited while it measures goes on with what it says now, or is refused',
    history: basic(
      [],
      [
        run(10, 'twice', [metric({ interval: '5s', count: 20 })]),
        run(10, 'renamed', [metric({ interval: '5s', count: 3 })]),
        run(10, 'emptied', [metric({ interval: '5s', count: 20 })], {
          spec: {
            args: [{ name: 'token', valueFrom: { secretKeyRef: { name: 'web-secret', key: 'token' } } }],
          },
        }),
        run(
          10,
          'keyless',
          [metric({ interval: '5s', count: 20, failureCondition: '{{args.token}} == ""' })],
          {
            spec: {
              args: [{ name: 'token', valueFrom: { secretKeyRef: { name: 'web-secret', key: 'token' } } }],
            },
          },
        ),
        { at: second(20), do: 'backend', mode: 'hang', forMs: second(4) },
        broken(22, 'AnalysisRun/twice', 'two metrics of one name', {
          spec: { metrics: [metric({}), metric({})] },
        }),
        broken(22, 'AnalysisRun/renamed', 'another name', {
          spec: { metrics: [{ ...metric({ interval: '5s', count: 3 }), name: 'other' }] },
        }),
        broken(23, 'AnalysisRun/emptied', 'no metrics', { spec: { metrics: [] } }),
        broken(30, 'Secret/web-secret', 'no token', { data: { token: null } }),
      ],
      { setup: { crds: 'open', objects: [secrets, service('web')] } },
    ),
    end: /^Healthy/,
    tells: [endsAs('twice', 'Error'), endsAs('renamed', 'Successful')],
  },
  {
    of: [],
    title: 'templates that do not go together are named, and the release waits until they do',
    history: basic(
      [{ setWeight: 50 }, { pause: {} }],
      [
        second2,
        ...(
          [
            ['the same metric', { metrics: [{ ...metric({}), name: 'success' }] }],
            ['the same dry run', { dryRun: [{ metricName: 'success' }] }],
            ['the same retention', { measurementRetention: [{ metricName: 'success', limit: 2 }] }],
            [
              'the same argument with another value',
              { args: [{ name: 'hash' }, { name: 'limit', value: '2' }] },
            ],
            [
              'an argument of a Secret',
              {
                args: [
                  { name: 'hash' },
                  { name: 'limit', valueFrom: { secretKeyRef: { name: 'web-secret', key: 'token' } } },
                ],
              },
            ],
            ['a template without a name', { templates: [{ clusterScope: false }] }],
            ['a template that comes back to itself', { templates: [{ templateName: 'other' }] }],
            ['a count that runs for ever', { metrics: [{ ...metric({ interval: '5s' }), name: 'endless' }] }],
          ] as const
        ).flatMap(([what, spec], i): HistoryEvent[] => [
          broken(40 + 4 * i, 'AnalysisTemplate/other', what, { spec }),
          { at: second(42 + 4 * i), do: 'ask' },
          { at: second(43 + 4 * i), do: 'mend' },
        ]),
      ],
      {
        canary: {
          analysis: {
            ...analysisOf('success'),
            templates: [{ templateName: 'success' }, { templateName: 'other' }],
          },
        },
        setup: {
          crds: 'open',
          objects: [
            withTemplate('success', {
              dryRun: [{ metricName: 'success' }],
              measurementRetention: [{ metricName: 'success', limit: 3 }],
              args: [{ name: 'hash' }, { name: 'limit', value: '1' }],
            }),
            withTemplate('other', { metrics: [{ ...metric({ interval: '30s', count: 2 }), name: 'other' }] }),
            service('web'),
            secrets,
          ],
        },
      },
    ),
    end: /^(Paused|Healthy)/,
    tells: [/two metrics have the same name/, /specified multiple times with different values/],
  },
  ...(
    [
      ['a path that leads nowhere', 'spec.nowhere.at.all', /invalid path spec\.nowhere/],
      ['a path of metadata that is none', 'metadata.generation', /must refer to valid object metadata/],
      [
        'a place in a list that is not there',
        'spec.template.spec.containers[7].image',
        /index 7 out of range/,
      ],
      ['a path that ends in an object', 'spec.template', /must terminate in a primitive value/],
    ] as const
  ).map(([what, fieldPath, text]): Scenario => ({
    of: [],
    title: `an argument from ${what} ends the release with its name`,
    history: basic(
      [
        { setWeight: 50 },
        {
          analysis: {
            ...analysisOf('success'),
            args: [
              ...(analysisOf('success')['args'] as JsonObject[]),
              { name: 'wrong', valueFrom: { fieldRef: { fieldPath } } },
            ],
          },
        },
      ],
      [second2],
    ),
    end: /^Degraded/,
    tells: [text],
  })),
  {
    of: [],
    title: 'arguments of any origin reach the run, and its Rollout passes its instance on',
    history: labelled(
      [
        { setWeight: 50 },
        {
          analysis: {
            ...analysisOf('success'),
            args: [
              ...(analysisOf('success')['args'] as JsonObject[]),
              { name: 'paused', valueFrom: { fieldRef: { fieldPath: 'spec.paused' } } },
              { name: 'labels', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
              { name: 'annotations', valueFrom: { fieldRef: { fieldPath: 'metadata.annotations' } } },
              { name: 'size', valueFrom: { fieldRef: { fieldPath: 'spec.replicas' } } },
              { name: 'empty', valueFrom: {} },
            ],
          },
        },
      ],
      [second2],
      {
        spec: { paused: false },
        setup: {
          flags: { instanceId: 'blue' },
          objects: [
            withTemplate('success', {
              args: ['hash', 'paused', 'labels', 'annotations', 'size', 'empty'].map((name) => ({ name })),
            }),
            service('web'),
          ],
        },
      },
    ),
    end: /^Healthy/,
    tells: [/creates AnalysisRun web-\w+-2-1\b/],
  },
  {
    of: [],
    title: 'a run of its own that the status has forgotten is taken again, not made twice',
    history: basic(
      [{ setWeight: 50 }, { analysis: analysisOf('success') }],
      [
        second2,
        broken(40, `AnalysisRun/${runOf('1')}`, 'no attempt', {
          metadata: { annotations: { 'sluice.dev/attempt': null } },
        }),
        {
          at: second(41),
          do: 'live',
          of: 'Rollout/web',
          status: { canary: { currentStepAnalysisRunStatus: null } },
        },
      ],
      {
        setup: { objects: [analysisTemplate('success', { interval: '10s', count: 4 }), service('web')] },
      },
    ),
    end: /^Healthy/,
    watch: (happening) =>
      happening.what === 'change' && happening.verb === 'create' && /-1\.\d+$/.test(happening.key)
        ? `a second run: ${happening.key}`
        : undefined,
  },
  {
    of: [],
    title: 'an inconclusive analysis waits for a decision: a promotion measures again, and a skip leaves it',
    history: routed(
      [{ setWeight: 25 }, { analysis: analysisOf('success') }, { setWeight: 50 }],
      [
        second2,
        { at: second(60), do: 'ask' },
        { at: second(61), do: 'rehearse', spec: {} },
        { at: second(70), do: 'command', command: 'promote' },
        { at: second(90), do: 'command', command: 'skip' },
      ],
      {
        setup: {
          objects: [
            analysisTemplate('success', {
              successCondition: 'result[0] > 1',
              failureCondition: 'result[0] < 0',
            }),
            service('web-stable'),
            service('web-canary'),
            ...routed([], []).setup.objects.filter(({ kind }) => kind === 'Ingress'),
          ],
        },
      },
    ),
    end: /^Healthy/,
    tells: [/InconclusiveAnalysisRun/],
  },
  {
    of: [],
    title: 'an inconclusive analysis of a preview waits for a decision, and a full promotion is one',
    history: blueGreen(
      { prePromotionAnalysis: analysisOf('success') },
      [
        second2,
        { at: second(60), do: 'ask' },
        { at: second(61), do: 'rehearse', spec: {} },
        { at: second(70), do: 'command', command: 'promote-full' },
      ],
      {
        setup: {
          objects: [
            analysisTemplate('success', {
              successCondition: 'result[0] > 1',
              failureCondition: 'result[0] < 0',
            }),
            service('web-active'),
            service('web-preview'),
          ],
        },
      },
    ),
    end: /^Healthy/,
    tells: [/InconclusiveAnalysisRun/],
  },
  {
    of: [],
    title:
      'an inconclusive background analysis holds a release that is on its way, and a full promotion ends the wait',
    history: basic(
      [{ setWeight: 25 }, { pause: { duration: 40 } }, { setWeight: 50 }, { pause: { duration: 40 } }],
      [second2, { at: second(120), do: 'ask' }, { at: second(160), do: 'command', command: 'promote-full' }],
      {
        canary: { analysis: analysisOf('success') },
        setup: {
          objects: [
            analysisTemplate('success', {
              successCondition: 'result[0] > 1',
              failureCondition: 'result[0] < 0',
            }),
            service('web'),
          ],
        },
      },
    ),
    end: /^Healthy/,
    tells: [/InconclusiveAnalysisRun/],
  },
];
