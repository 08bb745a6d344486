/** Job: a program in the cluster measures, and its end is the verdict (spec 05 section 8.3). */

import { parseTime } from '../../lang/time.ts';
import type { MeasureRequest, MeasurementOutcome, Provider, ProviderContext } from '../types.ts';
import { JobRefused } from './client.ts';
import type { JobClient, JobRef } from './client.ts';
import { isSameMeasurement, measurementJob } from './request.ts';
import { finishedAs, verdictOf } from './response.ts';

/** One namespace for the Jobs of all runs. */
export const NAMESPACE_VARIABLE = 'ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE';
/** Another cluster for Jobs. */
export const KUBECONFIG_VARIABLE = 'ARGO_ROLLOUTS_ANALYSIS_JOB_KUBECONFIG';

/** Keys of the measurement's metadata. */
const NAME = 'job-name';
const NAMESPACE = 'job-namespace';
/** However young a Job is, it is not asked for more often. Its events tell of its end sooner. */
const MIN_WAIT_MS = 1000;

export function createJobProvider(context: ProviderContext): Provider {
  const { clock, env } = context;

  /** Answers with an error where this process can't run Jobs, or the API server refuses. */
  const withJobs = async (
    work: (jobs: JobClient) => Promise<MeasurementOutcome>,
  ): Promise<MeasurementOutcome> => {
    if ((env[KUBECONFIG_VARIABLE] ?? '') !== '')
      return error(
        `${KUBECONFIG_VARIABLE} is not implemented yet: Jobs run in the controller's own cluster only; unset it`,
      );
    if (context.jobs === undefined) return error('this process may not create Jobs');
    try {
      return await work(context.jobs);
    } catch (cause) {
      if (cause instanceof JobRefused) return error(cause.message);
      throw cause;
    }
  };

  return {
    type: 'Job',
    measure: (request) =>
      withJobs(async (jobs) => {
        const configured = env[NAMESPACE_VARIABLE] ?? '';
        const namespace = configured === '' ? request.run.namespace : configured;
        const wanted = measurementJob(request, namespace);
        const answer = await jobs.create(wanted, request.signal);
        if (!answer.created && !isSameMeasurement(answer.job, wanted)) return error(answer.message);
        return {
          kind: 'pending',
          resumeAt: clock.now(),
          metadata: { [NAME]: wanted.metadata.name, [NAMESPACE]: namespace },
        };
      }),

    resume: (request) =>
      withJobs(async (jobs) => {
        const ref = jobOf(request);
        if (ref === undefined) return error('job metadata reference missing');
        const state = await jobs.get(ref, request.signal);
        if (state === undefined) return error(`job.batch "${ref.name}" not found`);
        return verdictOf(state) ?? { kind: 'pending', resumeAt: clock.now() + waitMs(request, clock.now()) };
      }),

    settled(request) {
      const ref = jobOf(request);
      const state = ref === undefined ? undefined : context.jobs?.peek(ref);
      return state !== undefined && finishedAs(state.job) !== undefined;
    },

    terminate: (request) =>
      withJobs(async (jobs) => {
        const ref = jobOf(request);
        if (ref === undefined) return error('job metadata reference missing');
        await jobs.delete(ref, request.signal);
        // Nobody knows how it would have ended.
        return { kind: 'verdict', phase: 'Inconclusive', message: 'Metric Terminated' };
      }),

    /** Counts the Jobs of the whole run, as the reference does; those that still run are left alone. */
    async garbageCollect({ run, keep, signal }) {
      const jobs = context.jobs?.ofRun(run.uid) ?? [];
      const oldestFirst = [...jobs].sort(
        (a, b) =>
          (parseTime(a.metadata.creationTimestamp) ?? 0) - (parseTime(b.metadata.creationTimestamp) ?? 0) ||
          numberOf(a.metadata.name) - numberOf(b.metadata.name),
      );
      for (const job of oldestFirst.slice(0, Math.max(0, jobs.length - keep))) {
        const { name, namespace = '', uid, deletionTimestamp } = job.metadata;
        if (deletionTimestamp === undefined && finishedAs(job) !== undefined)
          await context.jobs?.delete({ name, namespace, uid }, signal);
      }
    },
  };
}

function jobOf({ previous }: Pick<MeasureRequest, 'previous'>): JobRef | undefined {
  const name = previous?.metadata?.[NAME];
  const namespace = previous?.metadata?.[NAMESPACE];
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}

/** The square root of twice its age in seconds: often at first, ever more rarely for long Jobs. */
function waitMs({ previous }: MeasureRequest, now: number): number {
  const age = Math.max(0, now - (parseTime(previous?.startedAt) ?? now)) / 1000;
  return Math.max(MIN_WAIT_MS, Math.sqrt(2 * age) * 1000);
}

const numberOf = (name: string): number => Number(name.slice(name.lastIndexOf('.') + 1));
const error = (message: string): MeasurementOutcome => ({ kind: 'error', message });
