/** Jobs of the Job provider over the controller's writer and stores, and what of their life wakes a run. */

import { isObject } from '../../lang/json.ts';
import { ApiError, isAlreadyExists, isNotFound, keyOf } from '../../kube/api.ts';
import type { KubeObject } from '../../kube/api.ts';
import { JOB, POD } from '../../kube/kinds.ts';
import { JobRefused } from '../../providers/job/client.ts';
import type { CreatedJob, JobClient, JobRef, JobState } from '../../providers/job/client.ts';
import { RUN_NAME_ANNOTATION, RUN_NAMESPACE_ANNOTATION, RUN_UID_LABEL } from '../../providers/job/request.ts';
import { finishedAs } from '../../providers/job/response.ts';
import { controllerOf } from '../controller.ts';
import type { Change, ControlContext, InformerSpec, WatchSpec } from '../controller.ts';
import { persist } from './persist.ts';

const BY_RUN = 'analysisRunUid';
const BY_JOB = 'job';

export const JOB_INFORMERS: readonly InformerSpec[] = [
  {
    type: JOB,
    labelSelector: RUN_UID_LABEL,
    indexes: { [BY_RUN]: (job) => [job.metadata.labels?.[RUN_UID_LABEL] ?? ''] },
    trim: (job) => trimmed(job, { conditions: statusOf(job)['conditions'] }),
  },
  {
    type: POD,
    labelSelector: RUN_UID_LABEL,
    indexes: { [BY_JOB]: (pod) => jobKeys(pod) },
    trim: (pod) => {
      const { initContainerStatuses, containerStatuses } = statusOf(pod);
      return trimmed(pod, { initContainerStatuses, containerStatuses });
    },
  },
];

/**
 * The end of a Job wakes its run. Pods don't: an image that can't be had this second may be there the next, so a run
 * looks at them only when it asks again anyway.
 */
export const JOB_WATCHES: readonly WatchSpec[] = [
  {
    type: JOB,
    wakes: ({ before, after }: Change) => (isEnd(before, after) ? runKeys(after) : []),
    urgent: ({ before, after }) => isEnd(before, after),
  },
];

export function createJobClient(context: ControlContext): JobClient {
  const { clock, stores, writer, live, watchNamespace } = context;

  /** Whether the informers would know of a Job there. */
  const isWatched = (namespace: string): boolean => watchNamespace === '' || watchNamespace === namespace;

  /** Undefined where the API server says that it is not there. */
  const read = async (ref: JobRef, signal: AbortSignal): Promise<KubeObject | undefined> => {
    try {
      return await live.get(JOB, ref, { signal });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  };

  const create = async (job: KubeObject, signal: AbortSignal): Promise<CreatedJob> => {
    try {
      return { created: true, job: await writer.create(JOB, job, { signal }) };
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      const { name, namespace = '' } = job.metadata;
      const existing = await read({ namespace, name }, signal);
      // Gone between the two: the next attempt creates it.
      if (existing === undefined) throw new Error(`job ${name} vanished`, { cause: error });
      return { created: false, job: existing, message: error.message };
    }
  };

  const asked = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    try {
      return await persist(work, clock, signal);
    } catch (error) {
      if (error instanceof ApiError) throw new JobRefused(error.message);
      throw error;
    }
  };

  const client: JobClient = {
    create: (job, signal) => asked(signal, () => create(job, signal)),

    peek(ref) {
      const job = stores.of(JOB).get(keyOf(ref));
      return job === undefined ? undefined : { job, pods: stores.of(POD).byIndex(BY_JOB, keyOf(ref)) };
    },

    async get(ref, signal): Promise<JobState | undefined> {
      const cached = client.peek(ref);
      if (cached !== undefined) return cached;
      const job = await asked(signal, () => read(ref, signal));
      if (job === undefined) return undefined;
      if (isWatched(ref.namespace)) return { job, pods: stores.of(POD).byIndex(BY_JOB, keyOf(ref)) };
      const labelSelector = `${RUN_UID_LABEL}=${job.metadata.labels?.[RUN_UID_LABEL] ?? ''}`;
      const { namespace } = ref;
      const list = await asked(signal, () => live.list(POD, { namespace, labelSelector, signal }));
      return { job, pods: list.items.filter((pod) => jobKeys(pod).includes(keyOf(ref))) };
    },

    ofRun: (uid) => stores.of(JOB).byIndex(BY_RUN, uid),

    async delete({ uid, ...ref }, signal) {
      await asked(signal, async () => {
        try {
          const preconditions = uid === undefined ? undefined : { uid };
          await writer.delete(JOB, ref, { signal, propagationPolicy: 'Foreground', preconditions });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      });
    },
  };
  return client;
}

const isEnd = (before: KubeObject | undefined, after: KubeObject | undefined): boolean =>
  after !== undefined &&
  finishedAs(after) !== undefined &&
  (before === undefined || finishedAs(before) === undefined);

/** The run that a Job measures for. */
function runKeys(job: KubeObject | undefined): string[] {
  const name = job?.metadata.annotations?.[RUN_NAME_ANNOTATION];
  const namespace = job?.metadata.annotations?.[RUN_NAMESPACE_ANNOTATION];
  return name === undefined || namespace === undefined ? [] : [keyOf({ namespace, name })];
}

/** The Job that a pod belongs to. */
function jobKeys(pod: KubeObject): string[] {
  const owner = controllerOf(pod);
  return owner?.kind === 'Job' ? [keyOf({ namespace: pod.metadata.namespace, name: owner.name })] : [];
}

const trimmed = ({ apiVersion, kind, metadata }: KubeObject, status: object): KubeObject => ({
  apiVersion,
  kind,
  metadata,
  status,
});

const statusOf = (object: KubeObject): Readonly<Record<string, unknown>> =>
  isObject(object['status']) ? object['status'] : {};
