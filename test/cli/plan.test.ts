import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ROLLOUT } from '../../src/kube/kinds.ts';
import { podTemplateHash } from '../../src/lang/pod-hash.ts';
import type { CourseModel } from '../../src/cli/model/foresight.ts';
import { courseLines } from '../../src/cli/view/foresight.ts';
import { Bench, NS, podTemplate, replicaSet, rollout } from './harness.ts';

const CANARY = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: web, namespace: shop}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: "web:1"}]}}
  strategy:
    canary:
      stableService: web-stable
      canaryService: web-canary
      trafficRouting: {nginx: {stableIngress: web}}
      steps:
      - setWeight: 20
      - pause: {duration: 10m}
      - analysis: {templates: [{templateName: rate}]}
      - setWeight: 60
      - pause: {}
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: {name: rate, namespace: shop}
spec:
  metrics:
  - name: success-rate
    interval: 1m
    count: 5
    failureLimit: 2
    successCondition: result[0] >= 0.95
    provider: {prometheus: {address: "http://prom:9090", query: 'sum(rate(ok[1m]))'}}
`;

const plan = (text: string, flags = ''): ReturnType<Bench['run']> =>
  new Bench().run(`plan -f f.yaml${flags}`, { files: { 'f.yaml': text } });

const MESHED = CANARY.replace(
  'nginx: {stableIngress: web}',
  'istio: {virtualService: {name: web}}, ambassador: {mappings: [web]}, appMesh: {virtualService: {name: web}}',
);
const virtualService = (...hosts: string[]): string => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {http: [{route: [${hosts.map((host) => `{destination: {host: ${host}}}`).join(', ')}]}]}
---
apiVersion: getambassador.io/v2
kind: Mapping
metadata: {name: web, namespace: shop}
spec: {weight: 10}
---
apiVersion: appmesh.k8s.aws/v1beta2
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {provider: {virtualRouter: {virtualRouterRef: {name: router}}}}
---
apiVersion: appmesh.k8s.aws/v1beta2
kind: VirtualRouter
metadata: {name: router, namespace: shop}
spec: {}
`;

interface Document {
  problems: { field: string; message: string }[];
  assumed: string[];
  parts: {
    kind: string;
    ending: string;
    promotions: number;
    refusal?: string;
    moments: { seconds: number; weight?: number; new: { size: number } }[];
    gates: { quickestSeconds: number; slowestSeconds: number; failsAfterSeconds: number; step: number }[];
    times: {
      finishSeconds: number;
      longestSeconds: number;
      noticedSeconds: number;
      abortsByItself: boolean;
      abort: { safeSeconds: number; doneSeconds: number };
    };
  }[];
}

const document = async (text: string, flags = ''): Promise<Document> =>
  JSON.parse((await plan(text, ` -o json${flags}`)).out) as Document;

describe('plan of a file', () => {
  it('judges the objects of other routers that stand beside the Rollout', async () => {
    const { out } = await plan(`${MESHED}${virtualService('web-stable')}`, ' -o json');
    const messages = (JSON.parse(out) as Document).problems.map(({ message }) => message).join('\n');
    assert.match(messages, /invalid HTTP routes. Error: Canary Service 'web-canary' not found in route/);
    assert.match(messages, /Ambassador mapping "web" can not define weight/);
    assert.match(messages, /No routes defined for AppMesh virtual-router router/);
    const whole = await plan(`${MESHED}${virtualService('web-stable', 'web-canary')}`, ' -o json');
    assert.doesNotMatch(whole.out, /invalid HTTP routes/);
    const alone = JSON.parse((await plan(MESHED, ' -o json')).out) as Document;
    assert.ok(!alone.problems.some(({ message }) => message.includes('not found')));
  });

  it('tells the first deploy and the update after it, without a cluster', async () => {
    const bench = new Bench();
    const { code, out, err } = await bench.run('plan -f f.yaml', { files: { 'f.yaml': CANARY } });
    assert.deepEqual([code, err, bench.flags, bench.requests], [0, '', [], []]);
    assert.equal(
      out,
      `Rollout shop/web: canary, 5 pods, 5 steps, traffic by nginx

Not in the file, and taken to be there and to fit:
  Service web-stable
  Service web-canary
  Ingress web

The first deploy:
  TIME  STEP               NEW  OLD  WEIGHT  WHAT HAPPENS
  0s    1/5 setWeight: 20  0/5  0/0  0       create revision 1 with 5 pods
  0s    all done           0/5  0/0  0
  10s   all done           5/5  0/0  0       Service web-stable selects revision 1, Service web-canary selects revision 1, route: canary 0 of 100, Healthy

  Times:
    finished after 10s, with pods that are ready after 10s

An update of the pod template:
  TIME    STEP               NEW  OLD  WEIGHT  WHAT HAPPENS
  0s      1/5 setWeight: 20  0/1  5/5  0       create revision 2 with 1 pod
  10s     2/5 pause: 10m     1/1  5/5  20      Service web-canary selects revision 2, route: canary 20 of 100, Paused: CanaryPauseStep
  10m10s  3/5 analysis       1/1  5/5  20      start AnalysisRun web-6bc96b4666-2-2
  14m10s  4/5 setWeight: 60  1/3  5/5  20      scale revision 2 from 1 to 3
  14m20s  5/5 pause          3/3  5/5  60      route: canary 60 of 100, Paused: CanaryPauseStep
  14m20s  5/5 pause          3/3  5/5  60      someone promotes
  14m20s  all done           3/5  5/5  60      scale revision 2 from 3 to 5
  14m30s  all done           5/5  5/5  0       Service web-stable selects revision 2, route: canary 0 of 100, Healthy
  15m     all done           5/5  0/0  0       scale revision 1 from 5 to 0

  Gate: Step analysis of step 3/5, from 10m10s: takes 4m, 7m20s at the longest; a bad version fails it after 2m
    success-rate: prometheus sum(rate(ok[1m]))
      good where result[0] >= 0.95
      measured 5 times every 1m
      failures allowed: 2

  Times:
    finished after 14m30s, with pods that are ready after 10s, the wait for a promotion not counted
    finished after 17m50s at the longest, where gates take all the tries that they have
    an abort takes users off the new version at once, and is through after 30.1s (at worst: 1/5 setWeight: 20)
    a version that never gets ready is Degraded after 10m2s, and waits for someone to abort it
`,
    );
  });

  it('gives programs the same as data', async () => {
    const { parts, assumed } = await document(CANARY);
    assert.deepEqual(assumed, ['Service web-stable', 'Service web-canary', 'Ingress web']);
    const [first, update] = parts;
    assert.equal(first?.kind, 'first deploy');
    assert.equal(update?.kind, 'update');
    assert.equal(update.promotions, 1);
    assert.deepEqual([...new Set(update.moments.map(({ weight }) => weight))], [0, 20, 60]);
    assert.deepEqual(
      update.gates.map((gate) => [
        gate.step,
        gate.quickestSeconds,
        gate.slowestSeconds,
        gate.failsAfterSeconds,
      ]),
      [[2, 240.001, 440.001, 120.001]],
    );
    assert.equal(update.times.abort.safeSeconds, 0);
    assert.equal(update.times.abort.doneSeconds, 30.05);
  });

  it('tells the ways out of a blue-green, and of a basic canary, whose pods have to come back', async () => {
    const blueGreen = CANARY.replace(
      /strategy:[^]*---/,
      'progressDeadlineAbort: true\n  strategy: {blueGreen: {activeService: a, autoPromotionSeconds: 60}}\n---',
    );
    const green = (await document(blueGreen)).parts[1];
    assert.equal(green?.times.finishSeconds, 70);
    assert.deepEqual(green.times.abort, { safeSeconds: 0, doneSeconds: 30.05 });
    assert.equal(green.times.abortsByItself, true);
    const basic = CANARY.replace(
      /strategy:[^]*---/,
      'strategy: {canary: {steps: [{setWeight: 80}, {pause: {}}]}}\n---',
    );
    const { times } = (await document(basic, ' --pod-ready 1m')).parts[1] ?? {};
    assert.ok((times?.abort.safeSeconds ?? 0) >= 60, JSON.stringify(times));
  });

  it('names every field that is wrong or unknown, and fails', async () => {
    const text = CANARY.replace('replicas: 5', 'replica: 5\n  revisionHistoryLimit: -1')
      .replace('setWeight: 60', 'setWeight: 160')
      .replace('count: 5', 'counts: 5');
    const { code, out, err } = await plan(text);
    assert.equal(code, 1);
    assert.match(err, /Rollout "web" can't be carried out as it stands/);
    assert.match(out, /Rollout "web": spec\.replica: unknown field "replica"; did you mean "replicas"\?/);
    assert.match(
      out,
      /AnalysisTemplate "rate": spec\.metrics\[0\]\.counts: unknown field "counts"; did you mean "count"\?/,
    );
    assert.match(out, /spec\.strategy\.steps\[3\]\.setWeight: Invalid value: 160/);
    assert.match(out, /Nothing would be done:\n {2}The Rollout "web" is invalid: /);
    const { out: unreadable } = await plan(CANARY.replace('replicas: 5', 'replicas: many'));
    assert.match(unreadable, /^Rollout shop\/web: its spec can't be read\n/);
    assert.match(unreadable, /"web": spec\.replicas: Invalid input: expected number, received string\n/);
    const wrongType = await document(CANARY.replace('replicas: 5', 'replicas: many'));
    assert.equal(wrongType.problems[0]?.field, 'spec.replicas');
    assert.deepEqual(wrongType.parts, []);
  });

  it('says of a gate what can hold it, and that it can be held for ever', async () => {
    const held = CANARY.replace('- setWeight: 20\n', '- setCanaryScale: {weight: 20}\n')
      .replace('count: 5', 'count: "{{args.times}}"')
      .replace('metrics:', 'args: [{name: times, value: "3"}]\n  metrics:')
      .replace('interval: 1m', 'interval: 1m\n    evidence: {noData: hold, waitForTraffic: true}');
    const { code, out } = await plan(held);
    assert.equal(code, 0);
    assert.match(out, /measured 3 times every 1m\n/);
    assert.match(out, / without a clear answer it holds, for as long as there is none\n/);
    assert.match(out, / measures nothing before the new version gets traffic\n/);
    assert.match(
      out,
      /Here it stays until a person does something \(Paused: AnalysisRun .* waits for traffic/,
    );
    assert.doesNotMatch(out.slice(out.indexOf('An update')), /finished after/);
    assert.doesNotMatch((await plan(CANARY)).out, /it holds|gets traffic/);
  });

  it('takes a template that is not there to pass at once', async () => {
    const { out } = await plan(CANARY.slice(0, CANARY.indexOf('---')));
    assert.match(out, /takes 0s; a bad version fails it after 0s\n {4}its template is not in the file/);
    assert.doesNotMatch(out, /at the longest/);
  });

  it('says that an abort leaves users on the new version where stable has no pods', () => {
    const pods = { available: 0, size: 0 };
    const moment = {
      seconds: 0,
      phase: 'Progressing',
      message: '',
      new: pods,
      old: pods,
      actions: [],
      promoted: false,
    };
    const course: CourseModel = {
      name: 'web',
      namespace: 'shop',
      strategy: 'canary',
      routers: ['nginx'],
      replicas: 0,
      steps: [],
      problems: [],
      assumed: [],
      podReadySeconds: 10,
      parts: [
        {
          kind: 'update',
          ending: 'settled',
          promotions: 0,
          moments: [moment],
          gates: [],
          times: { abortsByItself: false, abort: { doneSeconds: 0 } },
        },
      ],
    };
    const lines = courseLines(course, { color: false, symbols: false });
    assert.ok(
      lines.includes(
        '    an abort leaves users on the new version: the stable one has no pods to take them back',
      ),
      lines.join('\n'),
    );
  });

  it('says where only a person gets it on', async () => {
    const [first] = (await document(CANARY.replace('replicas: 5', 'paused: true\n  replicas: 5'))).parts;
    assert.equal(first?.ending, 'stuck');
  });

  for (const [name, line, text, expected] of [
    ['no file', 'plan', '', /there is nothing to rehearse: give -f FILE/],
    [
      'no Rollout',
      'plan -f f.yaml',
      'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n',
      /there is no Rollout/,
    ],
    ['no name', 'plan -f f.yaml', CANARY.replace('{name: web, namespace: shop}', '{}'), /no metadata.name/],
    ['another cluster', 'plan -f f.yaml --against git', CANARY, /--against/],
  ] as const) {
    it(`fails with one sentence: ${name}`, async () => {
      const { code, err } = await new Bench().run(line, { files: { 'f.yaml': text } });
      assert.equal(code, 1);
      assert.match(err, expected);
    });
  }
});

const HASH = podTemplateHash(podTemplate('example.com/web:v1'));

describe('plan against a live cluster', () => {
  const strategy = { canary: { steps: [{ setWeight: 20 }, { pause: {} }] } };
  const manifest = (image: string): string =>
    JSON.stringify({ ...rollout('web', strategy, {}, { template: podTemplate(image) }), status: undefined });

  async function live(status: object): Promise<Bench> {
    const bench = new Bench();
    const spec = { template: podTemplate('example.com/web:v1') };
    const [owner] = await bench.put(rollout('web', strategy, status as never, spec));
    assert.ok(owner !== undefined);
    await bench.put(replicaSet(owner, HASH, { revision: '1', size: 5 }));
    bench.requests.length = 0;
    return bench;
  }

  const settled = { currentPodHash: HASH, stableRS: HASH, currentStepIndex: 2, phase: 'Healthy' };

  it('shows what the apply would do, from the ReplicaSets that are there, and only reads', async () => {
    const bench = await live(settled);
    const files = { 'f.yaml': manifest('example.com/web:v2') };
    const { code, out } = await bench.run(`plan -f f.yaml --against live -n ${NS}`, { files });
    assert.equal(code, 0, out);
    assert.match(out, /An update of the pod template:/);
    assert.match(out, /0s +1\/2 setWeight: 20 +0\/1 +[45]\/[45] +create revision 2 with 1 pod/);
    assert.doesNotMatch(out, /The first deploy/);
    assert.ok(
      bench.requests.every((line) => /^(GET|LIST) /.test(line)),
      bench.requests.join('\n'),
    );
  });

  it('keeps a number of replicas that the file leaves out, and says what is not there', async () => {
    const bench = await live(settled);
    const text = manifest('example.com/web:v2').replace('"replicas":5,', '');
    const files = {
      'f.yaml': text.replace('"steps"', '"canaryService":"nobody","stableService":"none","steps"'),
    };
    const { code, out } = await bench.run(`plan -f f.yaml --against live -n ${NS} -o json`, { files });
    assert.equal(code, 1);
    const { replicas, parts } = JSON.parse(out) as Document & { replicas: number };
    assert.equal(replicas, 5);
    assert.match(parts[0]?.refusal ?? '', /service "none" not found|service "nobody" not found/);
  });

  it('shows a first deploy where the Rollout is not there yet', async () => {
    const bench = new Bench();
    const files = { 'f.yaml': manifest('example.com/web:v1') };
    const { out } = await bench.run(`plan -f f.yaml --against live -n ${NS} -o json`, { files });
    assert.deepEqual(
      (JSON.parse(out) as Document).parts.map(({ kind }) => kind),
      ['first deploy', 'update'],
    );
    await assert.rejects(bench.api.get(ROLLOUT, { namespace: NS, name: 'web' }));
  });
});
