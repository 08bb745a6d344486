/** What a Job and its pods say of a measurement (spec 05 section 8.3). Pure. */

import type { KubeObject } from '../../kube/api.ts';
import { isObject, objectOf } from '../../lang/json.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { MeasurementOutcome } from '../types.ts';
import type { JobState } from './client.ts';

/** A container that waits for one of these waits for ever. */
const TERMINAL_REASONS: ReadonlySet<unknown> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
]);
const MAX_MESSAGE = 1024;

/** Undefined: still running. */
export function verdictOf({
  job,
  pods,
}: JobState): Extract<MeasurementOutcome, { kind: 'verdict' }> | undefined {
  const phase = finishedAs(job);
  if (phase !== undefined) return { kind: 'verdict', phase };
  const message = terminalErrors(pods);
  return message === ''
    ? undefined
    : { kind: 'verdict', phase: 'Inconclusive', message: message.slice(0, MAX_MESSAGE) };
}

export function finishedAs(job: KubeObject): 'Successful' | 'Failed' | undefined {
  for (const condition of itemsOf(objectOf(job['status'])['conditions'])) {
    if (condition['status'] !== 'True') continue;
    if (condition['type'] === 'Complete') return 'Successful';
    if (condition['type'] === 'Failed') return 'Failed';
  }
  return undefined;
}

/** A line for each container whose image can't be had. */
function terminalErrors(pods: readonly KubeObject[]): string {
  const byName = [...pods].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  return byName
    .flatMap((pod) => {
      const status = objectOf(pod['status']);
      const containers = [
        ...itemsOf(status['initContainerStatuses']),
        ...itemsOf(status['containerStatuses']),
      ];
      return containers.map((container) => {
        const waiting = objectOf(objectOf(container['state'])['waiting']);
        if (!TERMINAL_REASONS.has(waiting['reason'])) return '';
        const { name } = pod.metadata;
        return `Pod ${name}, container ${textOf(container['name'])} has terminal error (${textOf(waiting['reason'])}): ${textOf(waiting['message'])}\n`;
      });
    })
    .join('');
}

const itemsOf = (value: unknown): JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
