import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError, ApiUnreachable } from '../../../src/kube/api.ts';
import type { KubeObject } from '../../../src/kube/api.ts';
import { ANALYSIS_RUN, JOB, POD } from '../../../src/kube/kinds.ts';
import type { Metric } from '../../../src/plan/analysis/types.ts';
import { Bench } from './bench.ts';

const jobMetric = (command = 'exit 0', more: Partial<Metric> = {}): Metric => ({
  name: 'check',
  provider: {
    job: {
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [{ name: 'check', image: 'example.com/check:v1', command: ['sh', '-c', command] }],
          },
        },
      },
    },
  },
  ...more,
});

const unavailable = () =>
  new ApiError({ code: 503, reason: 'ServiceUnavailable', message: 'the API server is starting' });

async function jobOf(bench: Bench, namespace?: string): Promise<KubeObject> {
  const [job, ...others] = await bench.jobs(namespace);
  assert.deepEqual(others, []);
  return job ?? assert.fail('there is no Job');
}

const setStatus = (bench: Bench, type: typeof JOB, object: KubeObject, status: object) =>
  bench.api.patch(
    type,
    object.metadata,
    { type: 'merge', body: { status: { ...status } } },
    { subresource: 'status' },
  );

/** A finished Job as the API server takes it. */
function ended(bench: Bench, type: 'Complete' | 'Failed') {
  const time = new Date(bench.clock.now()).toISOString().replace(/\.\d+/, '');
  const first = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  return {
    startTime: time,
    ...(type === 'Complete' ? { completionTime: time, succeeded: 1 } : { failed: 1 }),
    conditions: [first, type].map((each) => ({ type: each, status: 'True', lastTransitionTime: time })),
  };
}

describe('Jobs of an analysis run', () => {
  it('decide it as soon as they end, however long the next look would have been away', async () => {
    for (const [type, phase] of [
      ['Complete', 'Successful'],
      ['Failed', 'Failed'],
    ] as const) {
      await using bench = new Bench({ pods: false });
      await bench.create('r', { metrics: [jobMetric()] });
      await bench.clock.advance(1_800_000);
      const { phase: running, metricResults } = await bench.status('r');
      assert.deepEqual([running, metricResults?.[0]?.phase], ['Running', 'Running']);
      const resumeAt = Date.parse(metricResults?.[0]?.measurements?.[0]?.resumeAt ?? '');
      assert.ok(resumeAt > bench.clock.now() + 5_000, String(resumeAt - bench.clock.now()));
      await setStatus(bench, JOB, await jobOf(bench), ended(bench, type));
      await bench.clock.settle();
      assert.equal((await bench.status('r')).phase, phase);
    }
  });

  it('cost few writes while they run', async () => {
    await using bench = new Bench({ pods: false });
    await bench.create('r', { metrics: [jobMetric()] });
    await bench.clock.advance(3_600_000);
    const writes = bench.statuses.get('r')?.length ?? 0;
    // One hour in steps of sqrt(2 * age): about sqrt(2 * 3600).
    assert.ok(writes > 40 && writes < 100, String(writes));
  });

  it('are measured one after the other, and the old ones cleared up', async () => {
    await using bench = new Bench();
    await bench.create('r', {
      metrics: [jobMetric('exit 0', { count: '{{args.n}}', interval: '1s' })],
      args: [{ name: 'n', value: '4' }],
      measurementRetention: [{ metricName: '.*', limit: 2 }],
    });
    await bench.clock.advance(60_000);
    const { phase, metricResults } = await bench.status('r');
    assert.deepEqual([phase, metricResults?.[0]?.count], ['Successful', 4]);
    assert.equal(metricResults?.[0]?.measurements?.length, 2);
    const names = (await bench.jobs()).map(({ metadata }) => metadata.name.replace(/^.{36}\./, ''));
    assert.deepEqual(names.sort(), ['check.3', 'check.4']);
  });

  it('make a run inconclusive whose image can not be had', async () => {
    await using bench = new Bench({ pods: false });
    await bench.create('r', { metrics: [jobMetric()] });
    await bench.clock.advance(500);
    const { items } = await bench.api.list(POD, { namespace: bench.namespace });
    const pod = items[0] ?? assert.fail('the Job has no pod');
    const waiting = { reason: 'ImagePullBackOff', message: 'no such image' };
    const container = {
      name: 'check',
      image: 'i',
      imageID: '',
      ready: false,
      restartCount: 0,
      state: { waiting },
    };
    await setStatus(bench, POD, pod, { phase: 'Pending', containerStatuses: [container] });
    await bench.clock.advance(5_000);
    const { phase, metricResults } = await bench.status('r');
    assert.equal(phase, 'Inconclusive');
    assert.equal(
      metricResults?.[0]?.measurements?.[0]?.message,
      `Pod ${pod.metadata.name}, container check has terminal error (ImagePullBackOff): no such image\n`,
    );
  });

  it('are stopped with their run', async () => {
    await using bench = new Bench({ pods: false });
    await bench.create('r', { metrics: [jobMetric()] });
    await bench.clock.advance(5_000);
    await bench.terminate('r');
    await bench.clock.advance(1_000);
    const { phase, metricResults } = await bench.status('r');
    const [measurement] = metricResults?.[0]?.measurements ?? [];
    assert.deepEqual([phase, measurement?.message], ['Inconclusive', 'Metric Terminated']);
    assert.deepEqual(await bench.jobs(), []);
  });

  it('are stopped when another metric has failed, which decides the run', async () => {
    await using bench = new Bench({ pods: false });
    bench.web = { '/value': [{ body: 1 }, { body: 9 }] };
    const web = { url: 'http://web/value' };
    await bench.create('r', {
      metrics: [
        jobMetric(),
        { name: 'm', interval: '3s', successCondition: 'result < 5', provider: { web } },
      ],
    });
    await bench.clock.advance(10_000);
    const { phase, message } = await bench.status('r');
    assert.deepEqual(
      [phase, message],
      ['Failed', 'Metric "m" assessed Failed due to failed (1) > failureLimit (0)'],
    );
    assert.deepEqual(await bench.jobs(), []);
  });

  it('end a run in error when somebody deletes them', async () => {
    await using bench = new Bench({ pods: false });
    await bench.create('r', { metrics: [jobMetric('', { consecutiveErrorLimit: 0 })] });
    await bench.clock.advance(3_000);
    const job = await jobOf(bench);
    await bench.api.delete(JOB, job.metadata, { propagationPolicy: 'Background' });
    await bench.clock.advance(10_000);
    const { phase, message } = await bench.status('r');
    assert.equal(phase, 'Error');
    assert.match(message ?? '', /job\.batch ".*\.check\.1" not found"$/);
  });

  it('run in the namespace of the environment, and are deleted there', async () => {
    await using bench = new Bench({ env: { ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE: 'jobs' } });
    await bench.create('r', { metrics: [jobMetric()] });
    await bench.clock.advance(1_000);
    assert.equal((await jobOf(bench, 'jobs')).metadata.ownerReferences, undefined);
    await bench.clock.advance(10_000);
    assert.equal((await bench.status('r')).phase, 'Successful');
  });

  it('are read live where no informer looks', async () => {
    const env = { ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE: 'jobs' };
    await using bench = new Bench({ pods: false, env, watchNamespace: 'shop' });
    await bench.create('good', { metrics: [jobMetric()] });
    await bench.clock.advance(3_000);
    await setStatus(bench, JOB, await jobOf(bench, 'jobs'), ended(bench, 'Complete'));
    await bench.clock.advance(5_000);
    assert.equal((await bench.status('good')).phase, 'Successful');
    await bench.create('bad', { metrics: [jobMetric()] });
    await bench.clock.advance(3_000);
    const { items } = await bench.api.list(POD, { namespace: 'jobs' });
    const uid = (await bench.api.get(ANALYSIS_RUN, { namespace: 'shop', name: 'bad' })).metadata.uid ?? '';
    const pod = items.find(({ metadata }) => metadata.name.startsWith(uid)) ?? assert.fail('no pod');
    const state = { waiting: { reason: 'ErrImagePull', message: 'no such image' } };
    const container = { name: 'check', image: 'i', imageID: '', ready: false, restartCount: 0, state };
    await setStatus(bench, POD, pod, { phase: 'Pending', containerStatuses: [container] });
    await bench.clock.advance(10_000);
    assert.equal((await bench.status('bad')).phase, 'Inconclusive');
  });

  it('that the API server refuses are errors in its words', async () => {
    await using bench = new Bench();
    const provider = { job: { spec: { template: { spec: { restartPolicy: 'Never', containers: [] } } } } };
    await bench.create('r', { metrics: [{ name: 'm', consecutiveErrorLimit: 0, provider }] });
    await bench.clock.advance(2_000);
    const { phase, message } = await bench.status('r');
    assert.equal(phase, 'Error');
    assert.match(message ?? '', /spec\.template\.spec\.containers: Required value/);
  });
});

describe('Jobs under faults', () => {
  it('one Job for one measurement when the process dies before its first status', async () => {
    await using bench = new Bench();
    bench.around = (call, proceed) =>
      call.verb === 'patch' ? Promise.reject(new ApiUnreachable('down')) : proceed();
    await bench.create('r', { metrics: [jobMetric()] });
    await bench.clock.advance(200);
    const job = await jobOf(bench);
    await bench.stop();
    assert.equal((await bench.status('r')).phase, undefined);
    bench.around = (_call, proceed) => proceed();
    bench.start();
    await bench.clock.advance(10_000);
    const { phase, metricResults } = await bench.status('r');
    assert.deepEqual([phase, metricResults?.[0]?.count], ['Successful', 1]);
    assert.equal((await jobOf(bench)).metadata.uid, job.metadata.uid);
  });

  it('a Job that ends while no controller runs counts once', async () => {
    await using bench = new Bench();
    await bench.create('r', { metrics: [jobMetric('exit 1')] });
    await bench.clock.advance(1_500);
    assert.equal((await bench.status('r')).phase, 'Running');
    await bench.stop();
    bench.start();
    await bench.clock.advance(2_000);
    const { phase, metricResults } = await bench.status('r');
    assert.deepEqual([phase, metricResults?.[0]?.failed], ['Failed', 1]);
    await jobOf(bench);
  });

  it('an API server that loses requests and answers decides nothing', async () => {
    await using bench = new Bench();
    let attempts = 0;
    bench.around = async (call, proceed) => {
      if (call.verb !== 'create' || call.type.plural !== 'jobs') return proceed();
      attempts++;
      if (attempts === 1) throw unavailable();
      if (attempts === 2) throw new ApiUnreachable('reset before the request was sent');
      const result = await proceed();
      if (attempts === 3) throw new ApiUnreachable('timed out after it was carried out');
      return result;
    };
    await bench.create('r', { metrics: [jobMetric('exit 0', { consecutiveErrorLimit: 0 })] });
    await bench.clock.advance(30_000);
    const { phase, metricResults } = await bench.status('r');
    assert.deepEqual([phase, metricResults?.[0]?.error, attempts], ['Successful', undefined, 4]);
    await jobOf(bench);
  });

  it('a delete without an answer is tried again', async () => {
    await using bench = new Bench({ pods: false });
    let deletes = 0;
    bench.around = async (call, proceed) => {
      if (call.verb !== 'delete' || ++deletes > 2) return proceed();
      if (deletes === 2) await proceed();
      throw new ApiUnreachable('timed out');
    };
    await bench.create('r', { metrics: [jobMetric()] });
    await bench.clock.advance(3_000);
    await bench.terminate('r');
    await bench.clock.advance(20_000);
    assert.deepEqual([(await bench.status('r')).phase, await bench.jobs()], ['Inconclusive', []]);
  });
});
