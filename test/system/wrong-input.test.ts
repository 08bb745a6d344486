/**
 * Input that is wrong: one clear condition that names object and field, everything else goes on, the last good state
 * stays, and all is well by itself when the input is mended.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sleep } from '../../src/kube/clock.ts';
import { ANALYSIS_RUN, ANALYSIS_TEMPLATE, APPLICATION, POD, ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { HttpFailure, type HttpClient, type HttpResponse } from '../../src/providers/http/types.ts';
import { MINUTE, NAMESPACE, SECOND, System, rolloutYaml, urlOf, vector } from './world.ts';

const image = (tag: string): JsonObject => ({
  spec: { template: { spec: { containers: [{ name: 'app', image: `app:${tag}` }] } } },
});

/** Images of the pods of one Rollout that are ready. */
async function running(system: System, app: string): Promise<string[]> {
  const { items } = await system.api.list(POD, { namespace: NAMESPACE, labelSelector: `app=${app}` });
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter(isReady)
    .map((pod) => (pod['spec'] as { containers: { image: string }[] }).containers[0]?.image ?? '');
}

const isReady = (pod: { [field: string]: unknown }): boolean =>
  ((pod['status'] as { conditions?: { type: string; status: string }[] }).conditions ?? []).some(
    ({ type, status }) => type === 'Ready' && status === 'True',
  );

/** A neighbour gets a new version while something else is wrong, and must arrive. */
async function neighbourGoesOn(system: System, tag: string): Promise<void> {
  await system.merge(ROLLOUT, 'good', image(tag));
  await system.clock.advance(2 * MINUTE);
  const { phase, stableRS, currentPodHash } = await system.rollout('good');
  assert.deepEqual([phase, stableRS === currentPodHash], ['Healthy', true]);
  assert.deepEqual(await running(system, 'good'), [`app:${tag}`, `app:${tag}`]);
}

const GOOD = rolloutYaml('good', { replicas: 2, steps: '[{setWeight: 50}, {pause: {duration: 10s}}]' });
const BAD = (steps = '[{setWeight: 50}, {pause: {duration: 10s}}]'): string =>
  rolloutYaml('bad', { replicas: 2, steps });

async function problemsOf(system: System): Promise<string[]> {
  const { conditions } = await system.rollout('bad');
  return (conditions ?? [])
    .filter(({ type, status }) => status === 'True' && ['InvalidSpec', 'NotImplemented'].includes(type))
    .map(({ type, message }) => `${type}: ${message}`);
}

interface WrongRollout {
  readonly what: string;
  /** Merge patches of `bad`: one that breaks it, one that mends it. */
  readonly wrong: JsonObject;
  readonly mended: JsonObject;
  /** The new version comes with what mends it, otherwise while it is wrong. */
  readonly withoutImage?: boolean;
  readonly says: string;
}

const canary = (more: JsonObject): JsonObject => ({ spec: { strategy: { canary: more } } });
const STEPS = [{ setWeight: 50 }, { pause: { duration: '10s' } }];
const TEMPLATE = {
  metadata: { labels: { app: 'bad' } },
  spec: { containers: [{ name: 'app', image: 'app:v2', ports: [{ containerPort: 8080 }] }] },
};

const ROLLOUTS: readonly WrongRollout[] = [
  {
    what: 'both strategies',
    wrong: { spec: { strategy: { blueGreen: { activeService: 'bad' } } } },
    mended: { spec: { strategy: { blueGreen: null } } },
    says: 'spec.strategy.strategy: Invalid value: "blueGreen: true canary: true": Multiple Strategies can not be listed',
  },
  {
    what: 'a weight of 120',
    wrong: canary({ steps: [{ setWeight: 120 }] }),
    mended: canary({ steps: STEPS }),
    says: 'spec.strategy.steps[0].setWeight: Invalid value: 120: SetWeight needs to be between 0 and 100',
  },
  {
    what: 'a duration of 1x',
    wrong: canary({ steps: [{ setWeight: 50 }, { pause: { duration: '1x' } }] }),
    mended: canary({ steps: STEPS }),
    says: 'spec.strategy.steps[1].pause.duration: Invalid value: -1: Duration needs to be greater than 0',
  },
  {
    what: 'no template',
    wrong: { spec: { template: null } },
    mended: { spec: { template: TEMPLATE } },
    withoutImage: true,
    says: 'spec.template',
  },
  {
    what: 'a selector that does not match the template',
    wrong: { spec: { template: { metadata: { labels: { app: 'other' } } } } },
    mended: { spec: { template: { metadata: { labels: { app: 'bad' } } } } },
    says: 'spec.template.metadata.labels: Invalid value: ',
  },
];

describe('a Rollout that is wrong', () => {
  for (const { what, wrong, mended, withoutImage, says } of ROLLOUTS) {
    it(`with ${what}`, async () => {
      await using system = new System();
      await system.create(GOOD + BAD());
      await system.clock.advance(MINUTE);
      await system.merge(ROLLOUT, 'bad', wrong);
      if (withoutImage !== true) await system.merge(ROLLOUT, 'bad', image('v2'));
      await neighbourGoesOn(system, 'v2');

      const problems = await problemsOf(system);
      assert.equal(problems.length, 1);
      const expected = `InvalidSpec: The Rollout "bad" is invalid: ${says}`;
      assert.equal(problems[0]?.slice(0, expected.length), expected);
      assert.equal((await system.rollout('bad')).phase, 'Degraded');
      assert.deepEqual(await running(system, 'bad'), ['app:v1', 'app:v1'], 'what ran runs on');

      await system.merge(ROLLOUT, 'bad', mended);
      await system.clock.advance(2 * MINUTE);
      assert.deepEqual(await problemsOf(system), []);
      assert.equal((await system.rollout('bad')).phase, 'Healthy');
      assert.deepEqual(await running(system, 'bad'), ['app:v2', 'app:v2']);
    });
  }
});

// ---- analysis

const template = (metric: string, args = '[]'): string => `apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: errors}
spec:
  args: ${args}
  metrics:
    - name: error-rate
      interval: 10s
      count: 3
      failureLimit: 2
${metric}
      provider: {prometheus: {address: "http://prometheus:9090", query: errors}}
---
`;
const CONDITION = '      successCondition: result[0] < 0.05';
const GATED = BAD('[{setWeight: 50}, {analysis: {templates: [{templateName: errors}]}}]');

const metrics = (change: JsonObject): JsonObject => ({
  spec: {
    metrics: [
      {
        name: 'error-rate',
        interval: '10s',
        count: 3,
        failureLimit: 2,
        successCondition: 'result[0] < 0.05',
        provider: { prometheus: { address: 'http://prometheus:9090', query: 'errors' } },
        ...change,
      },
    ],
  },
});

const answering = (answer: () => HttpResponse): ((clock: System['clock']) => HttpClient) => {
  return (clock) => ({
    async request() {
      await sleep(clock, 20);
      return answer();
    },
  });
};
const json = (body: unknown, status = 200): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

describe('an AnalysisTemplate that is wrong', () => {
  for (const { what, wrong, says } of [
    {
      what: 'a broken expression',
      wrong: metrics({ successCondition: 'result[0] < < 0.05' }),
      says: 'AnalysisTemplate errors: metric "error-rate": successCondition "result[0] < < 0.05": unexpected token Operator("<") (line 1, column 13)',
    },
    {
      what: 'an argument that nobody gives',
      wrong: {
        spec: {
          args: [{ name: 'service' }],
          ...(metrics({
            provider: { prometheus: { address: 'http://prometheus:9090', query: '{{args.service}}' } },
          })['spec'] as JsonObject),
        },
      },
      says: 'args.service was not resolved',
    },
  ]) {
    it(`with ${what}`, async () => {
      await using system = new System({ http: answering(() => json(vector(0.01))) });
      await system.create(GOOD + template(CONDITION) + GATED);
      await system.clock.advance(MINUTE);
      await system.merge(ANALYSIS_TEMPLATE, 'errors', wrong);
      await system.merge(ROLLOUT, 'bad', image('v2'));
      await neighbourGoesOn(system, 'v2');

      const expected = `InvalidSpec: The Rollout "bad" is invalid: spec.strategy.canary.steps[1].analysis.templates: Invalid value: "`;
      const problems = await problemsOf(system);
      assert.equal(problems.length, 1);
      assert.equal(problems[0]?.slice(0, expected.length), expected);
      assert.ok(problems[0].includes(says), problems[0]);
      assert.deepEqual(await running(system, 'bad'), ['app:v1', 'app:v1'], 'no release was started');

      await system.merge(ANALYSIS_TEMPLATE, 'errors', {
        spec: { args: [], ...(metrics({})['spec'] as object) },
      });
      await system.clock.advance(2 * MINUTE);
      assert.deepEqual(await problemsOf(system), []);
      assert.deepEqual(await running(system, 'bad'), ['app:v2', 'app:v2']);
    });
  }
});

// ---- a metric backend

const HTML: HttpResponse = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<html><body>Please log in</body></html>',
};

describe('a Prometheus that', () => {
  const rows: readonly { what: string; answer: () => HttpResponse | Promise<never>; says: RegExp }[] = [
    {
      what: 'answers 500',
      answer: () => json({ status: 'error', errorType: 'internal', error: 'disk full' }, 500),
      says: /500|disk full/,
    },
    { what: 'answers with a page', answer: () => HTML, says: /not JSON|HTML|html/ },
    { what: 'answers NaN', answer: () => json(vector('NaN')), says: /failed \(3\) > failureLimit \(2\)/ },
    { what: 'has no data', answer: () => json(vector()), says: /no data returned from the metric provider/ },
    {
      what: 'says nothing for a minute',
      answer: () =>
        Promise.reject(new HttpFailure('timeout', 'POST http://prometheus:9090 timed out after 60 s')),
      says: /timed out after 60 s/,
    },
  ];
  for (const { what, answer, says } of rows) {
    it(what, async () => {
      let broken = 0;
      const http = (clock: System['clock']): HttpClient => ({
        async request({ timeoutMs }) {
          const wrong = broken > 0;
          broken -= 1;
          await sleep(clock, wrong && what.includes('nothing') ? Math.min(timeoutMs, 60 * SECOND) : 20);
          return wrong ? await answer() : json(vector(0.01));
        },
      });
      await using system = new System({ http });
      await system.create(GOOD + template(CONDITION) + GATED);
      await system.clock.advance(MINUTE);

      // For a while: the gate waits for answers, and the release goes on when they come.
      broken = 2;
      await system.merge(ROLLOUT, 'bad', image('v2'));
      await neighbourGoesOn(system, 'v2');
      await system.clock.advance(3 * MINUTE);
      assert.deepEqual(await running(system, 'bad'), ['app:v2', 'app:v2']);

      // For good: never a success, and the reason is told where people look.
      broken = Number.POSITIVE_INFINITY;
      await system.merge(ROLLOUT, 'bad', image('v3'));
      await neighbourGoesOn(system, 'v3');
      await system.clock.advance(8 * MINUTE);
      const { phase, message, abort } = await system.rollout('bad');
      assert.deepEqual([phase, abort], ['Degraded', true]);
      assert.match(message ?? '', /^RolloutAborted: .*Metric "error-rate" assessed (Error|Failed) due to/);
      const { items } = await system.api.list(ANALYSIS_RUN, { namespace: NAMESPACE });
      const told = JSON.stringify(items.map((run) => run['status']));
      assert.match(`${message} ${told}`, says);
      assert.match(message ?? '', says);
      assert.deepEqual(await running(system, 'bad'), ['app:v2', 'app:v2']);

      broken = 0;
      await system.merge(ROLLOUT, 'bad', image('v4'));
      await system.clock.advance(3 * MINUTE);
      assert.deepEqual(await running(system, 'bad'), ['app:v4', 'app:v4']);
    });
  }
});

// ---- Git

describe('an Application whose source is wrong', () => {
  const good = (tag: string): string => rolloutYaml('good', { image: `app:${tag}`, replicas: 2 });
  const bad = (tag: string): string => rolloutYaml('bad', { image: `app:${tag}`, replicas: 2 });
  const source = (change: JsonObject): ((system: System) => Promise<void>) => {
    return (system) => system.merge(APPLICATION, 'bad', { spec: { source: change } }, 'sluice');
  };
  const commit = (text: string): ((system: System) => Promise<void>) => {
    return async (system) => void system.git.repository(urlOf('bad')).commit({ 'app.yaml': text });
  };
  const rows: readonly {
    what: string;
    wrong: (system: System) => Promise<void>;
    mended: (system: System) => Promise<void>;
    says: RegExp;
  }[] = [
    {
      what: 'YAML that does not parse',
      wrong: commit(`${bad('v2')}\nkind: [`),
      mended: commit(bad('v2')),
      says: /^ComparisonError: .*app\.yaml.*line \d+/s,
    },
    {
      what: 'a repository that does not exist',
      wrong: source({ repoURL: urlOf('nowhere') }),
      mended: source({ repoURL: urlOf('bad') }),
      says: /^ComparisonError: repository https:\/\/git\.example\.com\/team\/nowhere does not exist; check source\.repoURL/,
    },
    {
      what: 'a URL that starts with a dash',
      wrong: source({ repoURL: '--upload-pack=touch /tmp/x' }),
      mended: source({ repoURL: urlOf('bad') }),
      says: /^ComparisonError: repository URL "--upload-pack=touch \/tmp\/x" is refused: it starts with "-"/,
    },
    {
      what: 'a path outside of the repository',
      wrong: source({ path: '../../etc' }),
      mended: source({ path: '' }),
      says: /^ComparisonError: .*\.\.\/\.\.\/etc/,
    },
  ];
  for (const { what, wrong, mended, says } of rows) {
    it(`by ${what}`, async () => {
      await using system = new System();
      await system.application('good', { 'app.yaml': good('v1') });
      await system.application('bad', { 'app.yaml': bad('v1') });
      await system.clock.advance(MINUTE);
      assert.deepEqual(await running(system, 'bad'), ['app:v1', 'app:v1']);

      await wrong(system);
      await system.refresh('bad');
      system.git.repository(urlOf('good')).commit({ 'app.yaml': good('v2') });
      await system.refresh('good');
      await system.clock.advance(3 * MINUTE);
      assert.deepEqual(await running(system, 'good'), ['app:v2', 'app:v2']);
      const conditions = ((await system.applicationStatus('bad')).conditions ?? []).map(
        ({ type, message }) => `${type}: ${message}`,
      );
      assert.equal(conditions.length, 1, conditions.join('\n'));
      assert.match(conditions[0] ?? '', says);
      assert.deepEqual(await running(system, 'bad'), ['app:v1', 'app:v1'], 'nothing was pruned');

      await mended(system);
      // No refresh: it comes back by itself.
      await system.clock.advance(6 * MINUTE);
      const { conditions: left, sync, health } = await system.applicationStatus('bad');
      assert.deepEqual([left ?? [], sync?.status, health?.status], [[], 'Synced', 'Healthy']);
    });
  }
});
