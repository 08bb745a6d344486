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
import { ROUTERS } from '../../routers/index.ts';
import type { InformerSpec } from '../controller.ts';
import { BY_NAMESPACE, BY_OWNER, byNamespace, byOwner, ORPHANS, orphans } from './indexes.ts';
import { REFERENCES, references } from './indexes.ts';
import { WORKLOAD_INFORMERS } from './workload-ref.ts';

const typesOfRouters = ROUTERS.flatMap((router) => router.types);
/** Each type once. */
export const ROUTER_TYPES: readonly ResourceType[] = [
  ...new Map(typesOfRouters.map((type) => [`${type.group}/${type.plural}`, type])).values(),
];

/** `labelSelector`: the share of Rollouts and AnalysisRuns that is this controller's. */
export function rolloutInformers(labelSelector: string | undefined): InformerSpec[] {
  return [
    { type: ROLLOUT, labelSelector, indexes: { [REFERENCES]: references, [BY_NAMESPACE]: byNamespace } },
    { type: REPLICA_SET, labelSelector: HASH_LABEL, indexes: { [BY_OWNER]: byOwner, [ORPHANS]: orphans } },
    { type: ANALYSIS_RUN, labelSelector, indexes: { [BY_OWNER]: byOwner } },
    { type: ANALYSIS_TEMPLATE, labelSelector },
    { type: CLUSTER_ANALYSIS_TEMPLATE, labelSelector },
    { type: SERVICE },
    ...WORKLOAD_INFORMERS,
    ...ROUTER_TYPES.map((type) => ({ type, optional: type.kind !== INGRESS.kind })),
  ];
}
