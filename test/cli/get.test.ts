import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, type KubeObject } from '../../src/kube/api.ts';
import { POD, ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { rolloutModel } from '../../src/cli/model/rollout.ts';
import { podModel } from '../../src/cli/model/pod.ts';
import { Bench, golden, NS, ownedBy, pod, replicaSet, rollout, STEPS, type Terminal } from './harness.ts';

const TERMINAL = { terminal: true };

async function shows(bench: Bench, name: string, line: string, how: Terminal = {}): Promise<void> {
  const { code, out, err } = await bench.run(line, how);
  assert.deepEqual([code, err], [0, '']);
  golden(name, out);
}

const REVISION = (n: number): JsonObject => ({ 'rollout.argoproj.io/revision': String(n) });

function analysisRun(owner: KubeObject, name: string, status: JsonObject, revision = 2): JsonObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AnalysisRun',
    metadata: { name, annotations: REVISION(revision), ownerReferences: ownedBy(owner) },
    spec: { metrics: [] },
    status,
  };
}

const measurement = (phase: string, job?: string): JsonObject => ({
  phase,
  startedAt: '2026-01-01T12:00:00Z',
  ...(job === undefined ? {} : { metadata: { 'job-name': job } }),
});

/** A canary behind nginx in its first pause, with everything that a tree can have. */
async function canary(bench: Bench, status: JsonObject = {}): Promise<KubeObject> {
  const [web] = (await bench.put(
    rollout(
      'web',
      {
        canary: {
          steps: STEPS,
          stableService: 'stable',
          canaryService: 'canary',
          trafficRouting: { nginx: { stableIngress: 'web' } },
        },
      },
      {
        observedGeneration: '1',
        phase: 'Paused',
        message: 'CanaryPauseStep',
        controllerPause: true,
        pauseConditions: [{ reason: 'CanaryPauseStep', startTime: '2026-01-01T12:00:00Z' }],
        currentStepIndex: 1,
        stableRS: 'bbb',
        currentPodHash: 'aaa',
        replicas: 6,
        updatedReplicas: 1,
        readyReplicas: 6,
        availableReplicas: 6,
        canary: { weights: { canary: { weight: 20 }, stable: { weight: 80 } } },
        ...status,
      },
    ),
  )) as [KubeObject];
  await bench.clock.advance(60_000);
  const [stable, fresh] = (await bench.put(
    replicaSet(web, 'bbb', { revision: '1', size: 5 }),
    replicaSet(web, 'aaa', { revision: '2', size: 1, image: 'example.com/web:v2' }),
    replicaSet(web, 'old', { annotations: { 'scale-down-deadline': '2026-01-01T12:01:30Z' } }),
  )) as [KubeObject, KubeObject];
  await bench.clock.advance(30_000);
  await bench.put(
    pod(stable, 'x1'),
    pod(stable, 'x2'),
    pod(fresh, 'y1', {
      containerStatuses: [
        {
          name: 'app',
          ready: false,
          restartCount: 3,
          image: '',
          imageID: '',
          state: { waiting: { reason: 'CrashLoopBackOff' } },
        },
      ],
    }),
    { ...pod(fresh, 'stranger'), metadata: { name: 'stranger' } },
    analysisRun(web, 'web-aaa-2', {
      phase: 'Failed',
      metricResults: [
        {
          name: 'rate',
          phase: 'Failed',
          successful: 2,
          failed: 1,
          measurements: [measurement('Failed', 'job-2')],
        },
        { name: 'other', phase: 'Successful', successful: 1, inconclusive: 1, error: 4 },
      ],
    }),
  );
  return web;
}

async function experimentOf(bench: Bench, owner: KubeObject | undefined): Promise<void> {
  const [experiment] = (await bench.put({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: {
      name: 'web-aaa-2-0',
      annotations: REVISION(2),
      ...(owner === undefined ? {} : { ownerReferences: ownedBy(owner) }),
    },
    spec: { templates: [], duration: '10m' },
    status: { phase: 'Running', message: 'measuring' },
  })) as [KubeObject];
  const [base] = (await bench.put(
    replicaSet(experiment, 'eee', {
      name: 'web-aaa-2-0-base',
      size: 1,
      annotations: { 'experiment.argoproj.io/template-name': 'base' },
    }),
  )) as [KubeObject];
  await bench.put(pod(base, 'z1'), analysisRun(experiment, 'web-aaa-2-0-check', { phase: 'Running' }));
}

const FRAME = '\u001b[H\u001b[2J\u001b[0;0H';

const frames = (text: string): number => text.split(FRAME).length - 1;

const patch = (bench: Bench, index: number): Promise<KubeObject> =>
  bench.api.patch(
    ROLLOUT,
    { namespace: NS, name: 'web' },
    { type: 'merge', body: { status: { currentStepIndex: index } } },
    { subresource: 'status' },
  );

async function watching(
  bench: Bench,
  line: string,
  how: Terminal,
  during: (seen: () => string) => Promise<void>,
): Promise<{ code: number; out: string; err: string }> {
  const stop = new AbortController();
  let seen = '';
  const running = bench.run(line, {
    ...how,
    signal: how.signal ?? stop.signal,
    onOut: (out) => (seen = out),
  });
  await bench.clock.settle();
  await during(() => seen);
  stop.abort(new Error('interrupted'));
  return running;
}

const c = (name: string, inner: JsonObject, more: JsonObject = {}): JsonObject => ({
  name,
  restartCount: 1,
  state: inner,
  ...more,
});

const ended = (exitCode: number, more: JsonObject = {}): JsonObject => ({
  terminated: { exitCode, ...more },
});

describe('get rollout', () => {
  it('shows a canary behind nginx with pods, analysis and experiment', async () => {
    const bench = new Bench();
    const web = await canary(bench);
    await experimentOf(bench, web);
    await bench.clock.advance(5_000);
    await shows(bench, 'canary', 'get rollout web --no-color', TERMINAL);
    await shows(bench, 'canary-color', 'get rollout web', TERMINAL);
    await shows(bench, 'canary-plain', 'get ro web');
    await shows(bench, 'canary-json', 'get rollout web -o json');
  });

  it('has colours and symbols only where somebody sees them', async () => {
    const bench = new Bench();
    await canary(bench);
    const { out: piped } = await bench.run('get rollout web');
    assert.ok(
      Array.from(piped).every((character) => character < '\u007f'),
      'plain ASCII in a pipe',
    );
    const { out: symbols } = await bench.run('get rollout web --symbols');
    const { out: withoutColor } = await bench.run('get rollout web --no-color', TERMINAL);
    assert.equal(symbols, withoutColor);
    assert.equal(
      (await bench.run('get rollout web', { terminal: true, env: { NO_COLOR: '1' } })).out,
      withoutColor,
    );
    assert.equal((await bench.run('get rollout web', { terminal: true, env: { TERM: 'dumb' } })).out, piped);
  });

  it('shows blue-green while the new version is previewed', async () => {
    const bench = new Bench();
    const [web] = (await bench.put(
      rollout(
        'web',
        { blueGreen: { activeService: 'web', previewService: 'preview' } },
        {
          observedGeneration: '1',
          phase: 'Paused',
          message: 'BlueGreenPause',
          stableRS: 'bbb',
          currentPodHash: 'aaa',
          blueGreen: { activeSelector: 'bbb', previewSelector: 'aaa' },
          replicas: 10,
          updatedReplicas: 5,
          readyReplicas: 5,
          availableReplicas: 5,
        },
      ),
    )) as [KubeObject];
    await bench.put(
      replicaSet(web, 'bbb', { revision: '1', size: 5 }),
      replicaSet(web, 'aaa', { revision: '2', size: 5, available: 3, image: 'example.com/web:v2' }),
    );
    await bench.clock.advance(7 * 24 * 3600_000 + 3600_000);
    await shows(bench, 'blue-green', 'get rollout web --no-color', TERMINAL);
  });

  it('shows a basic canary that was aborted', async () => {
    const bench = new Bench();
    const [web] = (await bench.put(
      rollout(
        'web',
        { canary: { steps: STEPS } },
        {
          observedGeneration: '1',
          phase: 'Degraded',
          message: 'RolloutAborted: Rollout aborted update to revision 2',
          abort: true,
          currentStepIndex: 0,
          stableRS: 'bbb',
          currentPodHash: 'aaa',
          replicas: 5,
          readyReplicas: 5,
          availableReplicas: 5,
        },
      ),
    )) as [KubeObject];
    await bench.put(
      replicaSet(web, 'bbb', { revision: '1', size: 5 }),
      replicaSet(web, 'aaa', { revision: '2', image: 'example.com/web:v2' }),
    );
    await shows(bench, 'degraded', 'get rollout web --no-color', TERMINAL);
  });

  it('does not believe a status that is older than the spec', async () => {
    const bench = new Bench();
    await canary(bench, {
      phase: 'Healthy',
      message: '',
      observedGeneration: '0',
      pauseConditions: [],
      controllerPause: false,
    });
    const { out } = await bench.run('get rollout web');
    assert.match(
      out,
      /Status: {10}Progressing\nMessage: {9}waiting for rollout spec update to be observed\n/,
    );
  });

  it('shows what is left of an object that can not be read', () => {
    const broken = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'x' },
      spec: { replicas: 'many', strategy: 5 },
      status: { phase: 'Healthy', conditions: 'none' },
    };
    const shown = rolloutModel(broken as never, {
      replicaSets: [],
      pods: [],
      experiments: [],
      analysisRuns: [],
    });
    assert.equal(shown.status, 'Healthy');
    assert.match(shown.message, /^the object can't be read: /);
    assert.equal(shown.strategy, 'unknown');
  });

  it('says when there is none, and what there is', async () => {
    const { code, out, err } = await new Bench().run('get rollout nobody');
    assert.deepEqual([code, out], [1, '']);
    assert.equal(
      err,
      'Error: rollout.argoproj.io "nobody" not found\nHint: `kubectl sluice list rollouts -n shop` shows what is there\n',
    );
    assert.match(
      (await new Bench().run('get experiment nobody')).err,
      /^Error: experiment\.argoproj\.io "nobody" not found\n/,
    );
  });

  it('leaves out what one may not see, and says so', async () => {
    const bench = new Bench();
    await canary(bench);
    bench.before = (request) => {
      if (request === 'LIST pods')
        throw new ApiError({ code: 403, reason: 'Forbidden', message: 'pods is forbidden' });
    };
    const { code, out, err } = await bench.run('get rollout web');
    assert.equal(code, 0);
    assert.match(out, /web-aaa/);
    assert.doesNotMatch(out, /web-aaa-y1/);
    assert.equal(err, 'Warning: pods are not shown: pods is forbidden\n');
  });
});

describe('get experiment', () => {
  it('shows its pods and runs', async () => {
    const bench = new Bench();
    await experimentOf(bench, undefined);
    await bench.clock.advance(245_000);
    await shows(bench, 'experiment', 'get exp web-aaa-2-0 --no-color', TERMINAL);
  });
});

describe('get --watch', () => {
  it('draws over itself on a terminal: on change, each second, and five times a second at most', async () => {
    const bench = new Bench();
    await canary(bench);
    const { code, out } = await watching(bench, 'get rollout web -w', TERMINAL, async (seen) => {
      assert.equal(frames(seen()), 1);
      await bench.clock.advance(3_000);
      assert.equal(frames(seen()), 4, 'ages go on');
      await bench.clock.advance(500);
      for (let i = 0; i < 10; i += 1) {
        await patch(bench, i % 5);
        await bench.clock.advance(20);
      }
      assert.equal(frames(seen()), 6, 'ten changes in 200 ms are two frames at most');
    });
    assert.equal(code, 0, 'Ctrl-C ends a watch, it is no error');
    assert.match(out, /Step: {10}4\/5/);
  });

  it('prints frames below each other elsewhere, and only when something changed', async () => {
    const bench = new Bench();
    await canary(bench);
    const { out } = await watching(bench, 'get rollout web -w', {}, async () => {
      await bench.clock.advance(10_000);
      await patch(bench, 2);
      await bench.clock.advance(1_000);
    });
    assert.ok(!out.includes('\u001b'), 'no escape sequences');
    assert.equal(out.split('\n\nName:').length, 2);
    assert.match(out, /^Name: /);
  });

  it('streams states for programs', async () => {
    const bench = new Bench();
    await canary(bench);
    const { out } = await watching(bench, 'get rollout web -w -o json', {}, async () => {
      await patch(bench, 2);
      await bench.clock.advance(1_000);
    });
    const states = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { step: string });
    assert.deepEqual(
      states.map(({ step }) => step),
      ['1/5', '2/5'],
    );
  });

  it('sees pods come and go', async () => {
    const bench = new Bench();
    await canary(bench);
    const { out } = await watching(bench, 'get rollout web -w', {}, async () => {
      await bench.api.delete(POD, { namespace: NS, name: 'web-bbb-x1' }, { gracePeriodSeconds: 0 });
      await bench.clock.advance(1_000);
    });
    const [first = '', second = ''] = out.split('\n\nName:');
    assert.match(first, /web-bbb-x1/);
    assert.doesNotMatch(second, /web-bbb-x1/);
  });

  it('ends when the time is over, and when the rollout is gone', async () => {
    const bench = new Bench();
    await canary(bench);
    const timed = bench.run('get rollout web -w --timeout-seconds 5');
    await bench.clock.advance(6_000);
    assert.equal((await timed).code, 0);
    const { code, err } = await watching(bench, 'get rollout web -w', {}, async () => {
      await bench.api.delete(ROLLOUT, { namespace: NS, name: 'web' });
      await bench.clock.advance(1_000);
    });
    assert.equal(code, 1);
    assert.match(err, /^Error: rollout\.argoproj\.io "web" not found\n/);
  });

  it('cuts a frame that is higher than the terminal', async () => {
    const bench = new Bench();
    await canary(bench);
    const { out } = await watching(bench, 'get rollout web -w', { terminal: true, rows: 12 }, () =>
      Promise.resolve(),
    );
    const lines = out.split('\n');
    assert.equal(lines.length, 12);
    assert.match(lines.at(-2) ?? '', /^\.\.\. \d+ more lines$/);
  });
});

describe('the state of a pod', () => {
  const state = (status: JsonObject, spec: JsonObject = {}, metadata: JsonObject = {}): string => {
    const model = podModel({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', ...metadata },
      spec: {
        containers: [{ name: 'a' }, { name: 'b' }],
        initContainers: [{ name: 'i' }, { name: 's', restartPolicy: 'Always' }],
        ...spec,
      },
      status,
    } as never);
    return `${model.status} ${model.ready}/${model.total} ${model.restarts}`;
  };
  const running = { running: {} };
  const rows: [string, JsonObject, string, JsonObject?][] = [
    ['its phase', { phase: 'Pending' }, 'Pending 0/2 0'],
    ['its reason', { phase: 'Failed', reason: 'Evicted' }, 'Evicted 0/2 0'],
    [
      'an init container at work',
      { phase: 'Pending', initContainerStatuses: [c('i', running)] },
      'Init:0/2 0/2 1',
    ],
    [
      'an init container that waits',
      { phase: 'Pending', initContainerStatuses: [c('i', { waiting: { reason: 'ImagePullBackOff' } })] },
      'Init:ImagePullBackOff 0/2 1',
    ],
    [
      'an init container not yet begun',
      {
        phase: 'Pending',
        initContainerStatuses: [c('i', ended(0)), c('s', { waiting: { reason: 'PodInitializing' } })],
      },
      'Init:1/2 0/2 2',
    ],
    [
      'an init container that failed',
      { phase: 'Pending', initContainerStatuses: [c('i', ended(3))] },
      'Init:ExitCode:3 0/2 1',
    ],
    [
      'an init container that was killed',
      { phase: 'Pending', initContainerStatuses: [c('i', ended(1, { signal: 9 }))] },
      'Init:Signal:9 0/2 1',
    ],
    [
      'an init container with a reason',
      { phase: 'Pending', initContainerStatuses: [c('i', ended(1, { reason: 'Error' }))] },
      'Init:Error 0/2 1',
    ],
    [
      'a sidecar that runs',
      {
        phase: 'Running',
        initContainerStatuses: [c('i', ended(0)), c('s', running, { started: true, ready: true })],
        containerStatuses: [c('a', running, { ready: true }), c('b', running, { ready: true })],
      },
      'Running 2/2 2',
    ],
    [
      'a sidecar that is not ready',
      {
        phase: 'Running',
        initContainerStatuses: [c('i', ended(0)), c('s', running, { started: true, ready: false })],
        containerStatuses: [c('a', running, { ready: true })],
      },
      'Running 1/2 1',
    ],
    [
      'the first container in trouble',
      {
        phase: 'Running',
        containerStatuses: [
          c('a', { waiting: { reason: 'CrashLoopBackOff' } }),
          c('b', ended(1, { reason: 'Error' })),
        ],
      },
      'CrashLoopBackOff 0/2 2',
    ],
    ['an exit code', { phase: 'Running', containerStatuses: [c('a', ended(7))] }, 'ExitCode:7 0/2 1'],
    [
      'a signal',
      { phase: 'Running', containerStatuses: [c('a', ended(137, { signal: 9 }))] },
      'Signal:9 0/2 1',
    ],
    [
      'one that is done beside one that runs',
      {
        phase: 'Running',
        containerStatuses: [c('a', ended(0, { reason: 'Completed' })), c('b', running, { ready: true })],
      },
      'Running 1/2 2',
    ],
    [
      'its end',
      { phase: 'Running', containerStatuses: [c('a', running, { ready: true })] },
      'Terminating 1/2 1',
      { deletionTimestamp: '2026-01-01T00:00:00Z' },
    ],
    [
      'a lost node',
      { phase: 'Running', reason: 'NodeLost' },
      'Unknown 0/2 0',
      { deletionTimestamp: '2026-01-01T00:00:00Z' },
    ],
  ];
  for (const [what, status, expected, metadata] of rows) {
    it(`is told by ${what}`, () => assert.equal(state(status, {}, metadata), expected));
  }
});
