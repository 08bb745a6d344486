/** A Pod as kubectl shows it (spec 09 section 6.4). Pure. */

import type { KubeObject } from '../../kube/api.ts';
import { at, countAt, createdAt, listAt, numberAt, textAt } from './read.ts';

export interface PodModel {
  readonly name: string;
  readonly status: string;
  readonly createdAt: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
}

export function podModel(pod: KubeObject): PodModel {
  const init = initState(pod);
  const main = init.initializing ? undefined : mainState(pod);
  let status =
    main?.status ?? init.status ?? (textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase'));
  if (status === 'Completed' && main?.running === true) status = 'Running';
  if (textAt(pod, 'metadata', 'deletionTimestamp') !== '')
    status = textAt(pod, 'status', 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
  return {
    name: pod.metadata.name,
    status,
    createdAt: createdAt(pod),
    ready: main?.ready ?? 0,
    total: listAt(pod, 'spec', 'containers').length,
    restarts: main?.restarts ?? init.restarts,
  };
}

interface InitState {
  initializing: boolean;
  status?: string;
  restarts: number;
}

function initState(pod: KubeObject): InitState {
  const specs = listAt(pod, 'spec', 'initContainers');
  let restarts = 0;
  for (const [i, container] of listAt(pod, 'status', 'initContainerStatuses').entries()) {
    restarts += countAt(container, 'restartCount');
    const terminated = at(container, 'state', 'terminated');
    if (terminated !== undefined && countAt(terminated, 'exitCode') === 0) continue;
    const sidecar = specs.find((spec) => textAt(spec, 'name') === textAt(container, 'name'));
    if (textAt(sidecar, 'restartPolicy') === 'Always' && at(container, 'started') === true) {
      if (at(container, 'ready') === true) continue;
      return { initializing: false, restarts };
    }
    if (terminated !== undefined)
      return { initializing: true, status: `Init:${endOf(terminated)}`, restarts };
    const waiting = textAt(container, 'state', 'waiting', 'reason');
    const status = waiting === '' || waiting === 'PodInitializing' ? `${i}/${specs.length}` : waiting;
    return { initializing: true, status: `Init:${status}`, restarts };
  }
  return { initializing: false, restarts };
}

/** From the last container to the first: the first one's trouble is the one that shows. */
function mainState(pod: KubeObject): { status?: string; ready: number; restarts: number; running: boolean } {
  let status: string | undefined;
  let ready = 0;
  let restarts = 0;
  for (const container of listAt(pod, 'status', 'containerStatuses').toReversed()) {
    restarts += countAt(container, 'restartCount');
    const waiting = textAt(container, 'state', 'waiting', 'reason');
    const terminated = at(container, 'state', 'terminated');
    if (waiting !== '') status = waiting;
    else if (terminated !== undefined) status = endOf(terminated);
    else if (at(container, 'ready') === true && at(container, 'state', 'running') !== undefined) ready += 1;
  }
  return { ...(status === undefined ? {} : { status }), ready, restarts, running: ready > 0 };
}

function endOf(terminated: unknown): string {
  const reason = textAt(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = numberAt(terminated, 'signal') ?? 0;
  return signal === 0 ? `ExitCode:${countAt(terminated, 'exitCode')}` : `Signal:${signal}`;
}
