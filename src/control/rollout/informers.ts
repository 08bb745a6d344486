/** What is read to decide about Rollouts: by the controller through watches, by a single look through lists. */

import {
  ANALYSIS_RUN,
  ANALYSIS_TEMPLATE,
  CLUSTER_ANALYSIS_TEMPLATE,
  INGRESS,
  REPLICA_SET,
  ROLLOUT,
  SERVICE,
} from '../../kube/kinds.ts';
import type { ResourceType } from '../../kube/api.ts';
import { HASH_LABEL } from '../../plan/rollout/names.ts';
import type { Router } from '../../routers/index.ts';
import { ROUTERS } from '../../routers/index.ts';
import type { InformerSpec } from '../controller.ts';
import { BY_NAMESPACE, BY_OWNER, byNamespace, byOwner, ORPHANS, orphans } from './indexes.ts';
import { REFERENCES, referencesBy } from './indexes.ts';
import { WORKLOAD_INFORMERS } from './workload-ref.ts';

/** What routers read and write, each type once. */
export function typesOf(routers: readonly Router[]): ResourceType[] {
  const types = routers.flatMap((router) => router.types);
  return [...new Map(types.map((type) => [`${type.group}/${type.plural}`, type])).values()];
}

/** `labelSelector`: the share of Rollouts and AnalysisRuns that is this controller's. */
export function rolloutInformers(
  labelSelector: string | undefined,
  routers: readonly Router[] = ROUTERS,
): InformerSpec[] {
  return [
    {
      type: ROLLOUT,
      labelSelector,
      indexes: { [REFERENCES]: referencesBy(routers), [BY_NAMESPACE]: byNamespace },
    },
    { type: REPLICA_SET, labelSelector: HASH_LABEL, indexes: { [BY_OWNER]: byOwner, [ORPHANS]: orphans } },
    { type: ANALYSIS_RUN, labelSelector, indexes: { [BY_OWNER]: byOwner } },
    { type: ANALYSIS_TEMPLATE, labelSelector },
    { type: CLUSTER_ANALYSIS_TEMPLATE, labelSelector },
    { type: SERVICE },
    ...WORKLOAD_INFORMERS,
    ...typesOf(routers).map((type) => ({ type, optional: type.kind !== INGRESS.kind })),
  ];
}
