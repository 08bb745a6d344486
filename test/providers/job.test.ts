import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JobMetric } from '../../src/api/metric-provider.ts';
import type { KubeObject } from '../../src/kube/api.ts';
import { JobRefused } from '../../src/providers/job/client.ts';
import type { JobClient, JobRef, JobState } from '../../src/providers/job/client.ts';
import { createJobProvider } from '../../src/providers/job/index.ts';
import { jobName, measurementJob } from '../../src/providers/job/request.ts';
import { verdictOf } from '../../src/providers/job/response.ts';
import type { MeasureRequest, PreviousMeasurement } from '../../src/providers/types.ts';
import { formatTime } from '../../src/lang/time.ts';
import { VirtualClock } from '../../src/sandbox/virtual-clock.ts';

const uid = '0f8fad5b-d9cb-469f-a165-70867728950e';
const run = { namespace: 'shop', name: 'demo-1', uid };
const start = Date.UTC(2026, 0, 1, 12);
const config: JobMetric = {
  metadata: { labels: { kind: 'check' }, annotations: { note: 'mine' } },
  spec: {
    backoffLimit: 0,
    template: { metadata: { labels: { a: 'b' } }, spec: { restartPolicy: 'Never', containers: [] } },
  },
};

function requestOf(more: Partial<MeasureRequest> = {}): MeasureRequest {
  return {
    metric: { name: 'check', provider: { job: config } },
    run,
    taken: 0,
    signal: new AbortController().signal,
    ...more,
  };
}

class Jobs implements JobClient {
  readonly objects = new Map<string, KubeObject>();
  pods: KubeObject[] = [];
  readonly deleted: string[] = [];
  refusal: string | undefined;

  create(job: KubeObject) {
    if (this.refusal !== undefined) return Promise.reject(new JobRefused(this.refusal));
    const key = `${job.metadata.namespace}/${job.metadata.name}`;
    const existing = this.objects.get(key);
    if (existing !== undefined)
      return Promise.resolve({ created: false as const, job: existing, message: `${key} already exists` });
    this.objects.set(key, job);
    return Promise.resolve({ created: true as const, job });
  }
  get(ref: JobRef): Promise<JobState | undefined> {
    return Promise.resolve(this.peek(ref));
  }
  peek(ref: JobRef): JobState | undefined {
    const job = this.objects.get(`${ref.namespace}/${ref.name}`);
    return job === undefined ? undefined : { job, pods: this.pods };
  }
  ofRun = () => [...this.objects.values()];
  delete(ref: JobRef): Promise<void> {
    this.deleted.push(`${ref.namespace}/${ref.name}`);
    return Promise.resolve();
  }
  end(type: string, status = 'True'): void {
    for (const [key, job] of this.objects)
      this.objects.set(key, { ...job, status: { conditions: [{ type, status }] } });
  }
}

function newProvider(env: Record<string, string> = {}) {
  const jobs = new Jobs();
  const clock = new VirtualClock(start);
  const http = { request: () => Promise.reject(new Error('no network here')) };
  return { jobs, clock, provider: createJobProvider({ http, clock, env, jobs }) };
}

const previousOf = (metadata?: Record<string, string>): PreviousMeasurement => ({
  startedAt: formatTime(start),
  ...(metadata === undefined ? {} : { metadata }),
});

const name = `${uid}.check.1`;
const pending = previousOf({ 'job-name': name, 'job-namespace': 'shop' });

const waitingPod = (
  pod: string,
  container: string,
  reason: string,
  list = 'containerStatuses',
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: pod },
  status: { [list]: [{ name: container, state: { waiting: { reason, message: 'no such image' } } }] },
});

describe('job: what is created', () => {
  it('carries the run in labels, annotations and owner, and leaves everything else as it is', () => {
    assert.deepEqual(measurementJob(requestOf({ taken: 2 }), 'shop'), {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: `${uid}.check.3`,
        namespace: 'shop',
        labels: { kind: 'check', 'analysisrun.argoproj.io/uid': uid },
        annotations: {
          note: 'mine',
          'analysisrun.argoproj.io/name': 'demo-1',
          'analysisrun.argoproj.io/namespace': 'shop',
          'analysisrun.argoproj.io/metric-name': 'check',
        },
        ownerReferences: [
          {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'AnalysisRun',
            name: 'demo-1',
            uid,
            controller: true,
            blockOwnerDeletion: true,
          },
        ],
      },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: { a: 'b', 'analysisrun.argoproj.io/uid': uid } },
          spec: { restartPolicy: 'Never', containers: [] },
        },
      },
    });
  });

  it('has no owner in another namespace', () => {
    const job = measurementJob(requestOf(), 'jobs');
    assert.deepEqual([job.metadata.namespace, job.metadata.ownerReferences], ['jobs', undefined]);
  });

  it('has a name of at most 63 characters, cut in the middle', () => {
    assert.equal(jobName(uid, 'check', 1), `${uid}.check.1`);
    const long = jobName(uid, 'a-metric-with-a-very-long-name', 12);
    assert.equal(long, `${uid}.a-metric-with-a-very-lo.12`);
    assert.equal(long.length, 63);
  });

  it('survives a metric without anything in it', () => {
    const job = measurementJob({ metric: { name: 'm', provider: { job: {} } }, run, taken: 0 }, 'shop');
    assert.deepEqual(job['spec'], {
      template: { metadata: { labels: { 'analysisrun.argoproj.io/uid': uid } } },
    });
  });
});

describe('job: life', () => {
  it('is created, asked ever more rarely, and ends as the Job ends', async () => {
    const { jobs, clock, provider } = newProvider();
    assert.deepEqual(await provider.measure(requestOf()), {
      kind: 'pending',
      resumeAt: start,
      metadata: { 'job-name': name, 'job-namespace': 'shop' },
    });
    const waits: number[] = [];
    for (const age of [0, 2_000, 50_000, 5_000_000]) {
      await clock.advance(start + age - clock.now());
      const outcome = await provider.resume?.(requestOf({ previous: pending }));
      waits.push(outcome?.kind === 'pending' ? outcome.resumeAt - clock.now() : NaN);
    }
    assert.deepEqual(waits, [1000, 2000, 10_000, 100_000]);
    jobs.end('SuccessCriteriaMet');
    assert.equal(provider.settled?.({ run, previous: pending }), false);
    jobs.end('Complete', 'False');
    assert.equal((await provider.resume?.(requestOf({ previous: pending })))?.kind, 'pending');
    jobs.end('Complete');
    assert.equal(provider.settled?.({ run, previous: pending }), true);
    assert.deepEqual(await provider.resume?.(requestOf({ previous: pending })), {
      kind: 'verdict',
      phase: 'Successful',
    });
    jobs.end('Failed');
    assert.deepEqual(await provider.resume?.(requestOf({ previous: pending })), {
      kind: 'verdict',
      phase: 'Failed',
    });
  });

  it('takes up its own Job after a crash, and no other', async () => {
    const { jobs, provider } = newProvider();
    await provider.measure(requestOf());
    assert.equal((await provider.measure(requestOf()))?.kind, 'pending');
    const [[key, mine]] = [...jobs.objects] as [[string, KubeObject]];
    const strangers: Partial<KubeObject['metadata']>[] = [
      { ownerReferences: [] },
      {
        ownerReferences: [
          { apiVersion: 'v', kind: 'AnalysisRun', name: 'x', uid: 'other', controller: true },
        ],
      },
      { annotations: { ...mine.metadata.annotations, 'analysisrun.argoproj.io/metric-name': 'other' } },
      { deletionTimestamp: formatTime(start) },
    ];
    for (const metadata of strangers) {
      jobs.objects.set(key, { ...mine, metadata: { ...mine.metadata, ...metadata } });
      assert.deepEqual(await provider.measure(requestOf()), {
        kind: 'error',
        message: `shop/${name} already exists`,
      });
    }
  });

  it('runs in the namespace of the environment', async () => {
    const { jobs, provider } = newProvider({ ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE: 'jobs' });
    const outcome = await provider.measure(requestOf());
    assert.deepEqual(outcome.metadata, { 'job-name': name, 'job-namespace': 'jobs' });
    assert.ok(jobs.objects.has(`jobs/${name}`));
    assert.equal((await provider.measure(requestOf())).kind, 'pending');
  });

  it('says that another cluster is not done yet, and where nothing may be created', async () => {
    const elsewhere = newProvider({ ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG: 'in-cluster' });
    const outcome = await elsewhere.provider.measure(requestOf());
    assert.match(JSON.stringify(outcome), /ANALYSIS_JOB_KUBECONFIG is not implemented yet: .*unset it/);
    assert.equal(elsewhere.jobs.objects.size, 0);
    const http = { request: () => Promise.reject(new Error('no network here')) };
    const provider = createJobProvider({ http, clock: new VirtualClock(start), env: {} });
    assert.deepEqual(await provider.measure(requestOf()), {
      kind: 'error',
      message: 'this process may not create Jobs',
    });
  });

  it('tells what the API server refuses', async () => {
    const { jobs, provider } = newProvider();
    jobs.refusal = 'Job.batch "x" is invalid: spec.template.spec.containers: Required value';
    assert.deepEqual(await provider.measure(requestOf()), { kind: 'error', message: jobs.refusal });
  });

  it('is an error when the Job or its name is gone', async () => {
    const { provider } = newProvider();
    const missing = await provider.resume?.(requestOf({ previous: pending }));
    assert.deepEqual(missing, { kind: 'error', message: `job.batch "${name}" not found` });
    for (const previous of [undefined, previousOf(), previousOf({ 'job-name': name })])
      for (const method of ['resume', 'terminate'] as const)
        assert.deepEqual(await provider[method]?.(requestOf({ previous })), {
          kind: 'error',
          message: 'job metadata reference missing',
        });
  });

  it('is deleted when it is to stop', async () => {
    const { jobs, provider } = newProvider();
    await provider.measure(requestOf());
    assert.deepEqual(await provider.terminate?.(requestOf({ previous: pending })), {
      kind: 'verdict',
      phase: 'Inconclusive',
      message: 'Metric Terminated',
    });
    assert.deepEqual(jobs.deleted, [`shop/${name}`]);
  });

  it('clears up the oldest Jobs of the run that have ended', async () => {
    const { jobs, provider } = newProvider();
    for (let taken = 0; taken < 12; taken++) await provider.measure(requestOf({ taken }));
    jobs.end('Complete');
    const running = `shop/${uid}.check.2`;
    const job = jobs.objects.get(running) ?? assert.fail();
    jobs.objects.set(running, { ...job, status: {} });
    const signal = new AbortController().signal;
    await provider.garbageCollect?.({ run, keep: 9, signal });
    assert.deepEqual(jobs.deleted, [`shop/${uid}.check.1`, `shop/${uid}.check.3`]);
    await provider.garbageCollect?.({ run, keep: 50, signal });
    assert.equal(jobs.deleted.length, 2);
  });
});

describe('job: images that can not be had', () => {
  const job: KubeObject = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name } };
  for (const reason of ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName'])
    it(reason, () => {
      assert.deepEqual(verdictOf({ job, pods: [waitingPod('p', 'c', reason)] }), {
        kind: 'verdict',
        phase: 'Inconclusive',
        message: `Pod p, container c has terminal error (${reason}): no such image\n`,
      });
    });

  it('names every container, the init containers too', () => {
    const pods = [
      waitingPod('q', 'c', 'ErrImagePull'),
      waitingPod('p', 'i', 'ErrImagePull', 'initContainerStatuses'),
    ];
    assert.equal(
      verdictOf({ job, pods })?.message,
      'Pod p, container i has terminal error (ErrImagePull): no such image\n' +
        'Pod q, container c has terminal error (ErrImagePull): no such image\n',
    );
  });

  it('waits for a container that is only being created', () => {
    assert.equal(verdictOf({ job, pods: [waitingPod('p', 'c', 'ContainerCreating')] }), undefined);
  });

  it('counts for nothing once the Job has ended', () => {
    const done = { ...job, status: { conditions: [{ type: 'Complete', status: 'True' }] } };
    assert.equal(verdictOf({ job: done, pods: [waitingPod('p', 'c', 'ErrImagePull')] })?.phase, 'Successful');
  });

  it('is not fooled by a status of another shape', () => {
    for (const status of [undefined, null, 7, [], { conditions: 'x', containerStatuses: [null, 1] }])
      assert.equal(verdictOf({ job: { ...job, status }, pods: [{ ...job, status }] }), undefined);
  });
});
