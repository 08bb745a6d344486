/** Jobs, as far as metrics of kind Job need them: parallelism, completions, backoffLimit, deadlines, time to live. */

import type { JsonObject } from '../../lang/json.ts';
import { formatTime, parseTime } from '../../lang/time.ts';
import { keyOf, type KubeObject } from '../../kube/api.ts';
import { JOB, POD } from '../../kube/kinds.ts';
import { MANAGER, type BuiltinController, type ControllerContext } from './loop.ts';
import {
  conditionOf,
  controllerOf,
  controllerReference,
  count,
  isActive,
  isReady,
  isTerminating,
  phaseOf,
  record,
} from './objects.ts';

const BACKOFF_MS = 10_000;
const MAX_BACKOFF_MS = 600_000;
const COMPONENT = 'job-controller';

export function jobController(context: ControllerContext): BuiltinController {
  return {
    name: 'job',
    *wakes(change, type) {
      if (type.group === JOB.group && type.plural === JOB.plural) {
        if (change.type !== 'DELETED') yield keyOf(change.object.metadata);
      } else if (type.group === '' && type.plural === POD.plural) {
        const owner = controllerOf(change.object);
        if (owner?.kind === 'Job')
          yield keyOf({ namespace: change.object.metadata.namespace, name: owner.name });
      }
    },
    sync: (key) => syncJob(context, key),
  };
}

function syncJob(context: ControllerContext, key: string): number | undefined {
  const { server, clock } = context;
  const job = server.storage.store(JOB).byKey(key);
  if (job === undefined || isTerminating(job)) return undefined;
  const now = clock.now();
  const spec = record(job['spec']);
  const before = record(job['status']);
  if (
    conditionOf(job, 'Complete')?.['status'] === 'True' ||
    conditionOf(job, 'Failed')?.['status'] === 'True'
  ) {
    return expire(context, job, now);
  }
  if (spec['suspend'] === true) return undefined;
  const pods = server.storage
    .ownedBy(job.metadata.uid as string)
    .filter(({ type }) => type.plural === POD.plural && type.group === '')
    .map(({ object }) => object);
  const active = pods.filter(isActive);
  const succeeded = pods.filter((pod) => phaseOf(pod) === 'Succeeded').length;
  const failedPods = pods.filter((pod) => phaseOf(pod) === 'Failed');
  const startTime = parseTime(before['startTime']) ?? now;
  const deadline = spec['activeDeadlineSeconds'];
  const completions = typeof spec['completions'] === 'number' ? spec['completions'] : 1;
  const status: JsonObject = {
    startTime: formatTime(startTime),
    succeeded: succeeded || null,
    failed: failedPods.length || null,
    uncountedTerminatedPods: {},
  };
  const end = (type: string, reason: string, message: string): void => {
    const time = formatTime(now);
    const first = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
    status['conditions'] = [first, type].map((name) => ({
      type: name,
      status: 'True',
      reason,
      message,
      lastProbeTime: time,
      lastTransitionTime: time,
    }));
    if (type === 'Complete') status['completionTime'] = time;
    for (const pod of active) server.delete(POD, pod.metadata, {}, context.request);
    context.event(
      job,
      COMPONENT,
      type === 'Complete' ? 'Normal' : 'Warning',
      type === 'Complete' ? 'Completed' : reason,
      type === 'Complete' ? 'Job completed' : message,
    );
  };
  let again: number | undefined;
  let running = active.length;
  if (typeof deadline === 'number' && now >= startTime + deadline * 1000) {
    end('Failed', 'DeadlineExceeded', 'Job was active longer than specified deadline');
    running = 0;
  } else if (failedPods.length > count(spec['backoffLimit'])) {
    end('Failed', 'BackoffLimitExceeded', 'Job has reached the specified backoff limit');
    running = 0;
  } else if (succeeded >= completions) {
    end('Complete', 'CompletionsReached', 'Reached expected number of succeeded pods');
    running = 0;
  } else {
    if (typeof deadline === 'number') again = startTime + deadline * 1000 - now;
    const wanted = Math.min(count(spec['parallelism']), completions - succeeded) - active.length;
    const wait = backoff(failedPods, now);
    if (wanted > 0 && wait > 0) again = Math.min(again ?? wait, wait);
    else for (let i = 0; i < wanted; i++) createPod(context, job);
    if (wanted > 0 && wait <= 0) running += wanted;
  }
  status['active'] = running || null;
  status['ready'] = active.filter(isReady).length;
  status['terminating'] = pods.filter((pod) => isTerminating(pod)).length;
  if (Object.entries(status).some(([name, value]) => !same(before[name], value))) {
    server.patch(
      JOB,
      job.metadata,
      { type: 'merge', body: { status } },
      { subresource: 'status', fieldManager: MANAGER },
      context.request,
    );
  }
  return again;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/** Milliseconds that the next pod still has to wait after failures: 10 s, doubled each time. */
function backoff(failed: readonly KubeObject[], now: number): number {
  if (failed.length === 0) return 0;
  const last = Math.max(...failed.map(finishedAt));
  return last + Math.min(BACKOFF_MS * 2 ** (failed.length - 1), MAX_BACKOFF_MS) - now;
}

const finishedAt = (pod: KubeObject): number =>
  parseTime(conditionOf(pod, 'Ready')?.['lastTransitionTime']) ??
  parseTime(pod.metadata.creationTimestamp) ??
  0;

function createPod(context: ControllerContext, job: KubeObject): void {
  const template = record(record(job['spec'])['template']);
  const metadata = record(template['metadata']);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${job.metadata.name}-`,
      namespace: job.metadata.namespace,
      ...(metadata['labels'] === undefined ? {} : { labels: metadata['labels'] }),
      ...(metadata['annotations'] === undefined ? {} : { annotations: metadata['annotations'] }),
      ownerReferences: [controllerReference(job)],
    },
    spec: template['spec'],
  } as unknown as KubeObject;
  const made = context.server.create(POD, pod, { fieldManager: MANAGER }, context.request);
  context.event(job, COMPONENT, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`);
}

/** Deletes a finished Job after `ttlSecondsAfterFinished`. */
function expire(context: ControllerContext, job: KubeObject, now: number): number | undefined {
  const ttl = record(job['spec'])['ttlSecondsAfterFinished'];
  if (typeof ttl !== 'number') return undefined;
  const condition = conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed');
  const left = (parseTime(condition?.['lastTransitionTime']) ?? now) + ttl * 1000 - now;
  if (left > 0) return left;
  context.server.delete(JOB, job.metadata, { propagationPolicy: 'Foreground' }, context.request);
  return undefined;
}
