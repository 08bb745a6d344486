/** Which resource a kind is served as: a table of Kubernetes' own kinds, and the CRDs of the cluster. */

import { isObject, type Json } from '../../lang/json.ts';
import type { KubeApi, KubeObject, ResourceType } from '../../kube/api.ts';
import { ApiError } from '../../kube/api.ts';
import type { Clock } from '../../kube/clock.ts';
import { CUSTOM_RESOURCE_DEFINITION } from '../../kube/kinds.ts';

export interface KindLookup {
  /** undefined: the cluster doesn't know it (now). */
  find(group: string, version: string, kind: string): Promise<ResourceType | undefined>;
  /** Forgets what it knew of CRDs. */
  refresh(): void;
}

/** `group/versions kind=plural`; `!` marks what lives in no namespace. */
const BUILT_IN = `
/v1 ConfigMap=configmaps Endpoints=endpoints Event=events LimitRange=limitranges Namespace!=namespaces Node!=nodes
/v1 PersistentVolume!=persistentvolumes PersistentVolumeClaim=persistentvolumeclaims Pod=pods PodTemplate=podtemplates
/v1 ReplicationController=replicationcontrollers ResourceQuota=resourcequotas Secret=secrets Service=services
/v1 ServiceAccount=serviceaccounts
apps/v1 ControllerRevision=controllerrevisions DaemonSet=daemonsets Deployment=deployments ReplicaSet=replicasets
apps/v1 StatefulSet=statefulsets
batch/v1 CronJob=cronjobs Job=jobs
autoscaling/v1,v2 HorizontalPodAutoscaler=horizontalpodautoscalers
policy/v1 PodDisruptionBudget=poddisruptionbudgets
networking.k8s.io/v1 Ingress=ingresses IngressClass!=ingressclasses NetworkPolicy=networkpolicies
networking.k8s.io/v1 IPAddress!=ipaddresses ServiceCIDR!=servicecidrs
discovery.k8s.io/v1 EndpointSlice=endpointslices
coordination.k8s.io/v1 Lease=leases
events.k8s.io/v1 Event=events
rbac.authorization.k8s.io/v1 ClusterRole!=clusterroles ClusterRoleBinding!=clusterrolebindings Role=roles
rbac.authorization.k8s.io/v1 RoleBinding=rolebindings
storage.k8s.io/v1 CSIDriver!=csidrivers CSINode!=csinodes CSIStorageCapacity=csistoragecapacities
storage.k8s.io/v1 StorageClass!=storageclasses VolumeAttachment!=volumeattachments
scheduling.k8s.io/v1 PriorityClass!=priorityclasses
node.k8s.io/v1 RuntimeClass!=runtimeclasses
certificates.k8s.io/v1 CertificateSigningRequest!=certificatesigningrequests
flowcontrol.apiserver.k8s.io/v1 FlowSchema!=flowschemas PriorityLevelConfiguration!=prioritylevelconfigurations
admissionregistration.k8s.io/v1 MutatingWebhookConfiguration!=mutatingwebhookconfigurations
admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration!=validatingwebhookconfigurations
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy!=validatingadmissionpolicies
admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding!=validatingadmissionpolicybindings
apiextensions.k8s.io/v1 CustomResourceDefinition!=customresourcedefinitions
apiregistration.k8s.io/v1 APIService!=apiservices
`;

const key = (group: string, version: string, kind: string): string => `${group}/${version}/${kind}`;

function builtIn(): Map<string, ResourceType> {
  const table = new Map<string, ResourceType>();
  for (const line of BUILT_IN.trim().split('\n')) {
    const [groupVersions = '', ...kinds] = line.split(' ');
    const [group = '', versions = ''] = groupVersions.split('/');
    for (const version of versions.split(',')) {
      for (const entry of kinds) {
        const [name = '', plural = ''] = entry.split('=');
        const kind = name.replace('!', '');
        table.set(key(group, version, kind), {
          group,
          version,
          plural,
          kind,
          namespaced: !name.endsWith('!'),
        });
      }
    }
  }
  return table;
}

/** The kinds that a CRD makes; an odd one makes none. */
export function kindsOfDefinition(definition: Readonly<Record<string, unknown>>): ResourceType[] {
  const spec = definition['spec'];
  if (!isObject(spec) || !isObject(spec['names'])) return [];
  const { group, scope, versions } = spec;
  const { plural, kind } = spec['names'];
  if (typeof group !== 'string' || typeof plural !== 'string' || typeof kind !== 'string') return [];
  return (Array.isArray(versions) ? versions : []).flatMap((entry: Json): ResourceType[] =>
    isObject(entry) && typeof entry['name'] === 'string' && entry['served'] !== false
      ? [{ group, version: entry['name'], plural, kind, namespaced: scope !== 'Cluster' }]
      : [],
  );
}

/** After a miss the CRDs are listed again, but not more often than this. */
const MISS_INTERVAL_MS = 5_000;

export class ClusterKinds implements KindLookup {
  readonly #live: Pick<KubeApi, 'list'>;
  readonly #clock: Clock;
  readonly #fixed = builtIn();
  #custom: Map<string, ResourceType> | undefined;
  #listedAt = Number.NEGATIVE_INFINITY;

  constructor(live: Pick<KubeApi, 'list'>, clock: Clock) {
    this.#live = live;
    this.#clock = clock;
  }

  async find(group: string, version: string, kind: string): Promise<ResourceType | undefined> {
    const wanted = key(group, version, kind);
    const known = this.#fixed.get(wanted) ?? this.#custom?.get(wanted);
    if (known !== undefined) return known;
    if (this.#custom === undefined || this.#clock.monotonic() - this.#listedAt >= MISS_INTERVAL_MS) {
      this.#custom = await this.#list();
      this.#listedAt = this.#clock.monotonic();
    }
    return this.#custom.get(wanted);
  }

  refresh(): void {
    this.#custom = undefined;
  }

  async #list(): Promise<Map<string, ResourceType>> {
    const found = new Map<string, ResourceType>();
    let token: string | undefined;
    do {
      const page = await this.#live
        .list(CUSTOM_RESOURCE_DEFINITION, { limit: 200, continue: token })
        .catch((error: unknown) => {
          // A cluster without CRDs, or rights that don't reach them: then there are only the kinds of the table.
          if (error instanceof ApiError && (error.code === 404 || error.code === 403)) return undefined;
          throw error;
        });
      for (const definition of page?.items ?? ([] as KubeObject[])) {
        for (const type of kindsOfDefinition(definition))
          found.set(key(type.group, type.version, type.kind), type);
      }
      token = page?.continue === '' ? undefined : page?.continue;
    } while (token !== undefined);
    return found;
  }
}
