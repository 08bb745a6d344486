/** One look at the cluster: what a command needs, read once. */

import { ApiError, isNotFound, type KubeObject, type ResourceType } from '../kube/api.ts';
import { listAll } from '../kube/list-all.ts';
import { ANALYSIS_RUN, EXPERIMENT, POD, REPLICA_SET } from '../kube/kinds.ts';
import { printable } from './view/style.ts';
import { CliError } from './errors.ts';
import type { Invocation, Session } from './invocation.ts';
import type { ClusterObjects } from './model/rollout.ts';

/** The object that a read-only command is about, with the text of the reference where there is none. */
export async function readOne(
  session: Session,
  type: ResourceType,
  name: string,
  signal?: AbortSignal,
): Promise<KubeObject> {
  try {
    return await session.api.get(type, { namespace: session.namespace, name }, { signal });
  } catch (error) {
    throw isNotFound(error) && !isUnserved(error) ? notFound(session, type, name) : error;
  }
}

const isUnserved = (error: ApiError): boolean => /requested resource|page not found/.test(error.message);

export function notFound({ namespace }: Session, type: ResourceType, name: string): CliError {
  return new CliError(
    `${type.kind.toLowerCase()}.${type.group} ${JSON.stringify(name)} not found`,
    `\`kubectl sluice list ${type.plural} -n ${namespace}\` shows what is there`,
  );
}

/** What belongs to Rollouts and Experiments of the namespace. What one may not see is left out, and said. */
export async function readNamespace(invocation: Invocation, session: Session): Promise<ClusterObjects> {
  const read = (type: ResourceType): Promise<KubeObject[]> =>
    listAll(session.api, type, { namespace: session.namespace, signal: invocation.signal }).catch(
      (error: unknown) => {
        if (!(error instanceof ApiError) || (error.code !== 403 && error.code !== 404)) throw error;
        if (error.code === 403)
          invocation.io.err(`Warning: ${type.plural} are not shown: ${printable(error.message)}\n`);
        return [];
      },
    );
  const [replicaSets, pods, experiments, analysisRuns] = await Promise.all([
    read(REPLICA_SET),
    read(POD),
    read(EXPERIMENT),
    read(ANALYSIS_RUN),
  ]);
  return { replicaSets, pods, experiments, analysisRuns };
}
