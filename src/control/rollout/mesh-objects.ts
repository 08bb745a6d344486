/**
 * Objects of routers that Sluice does not drive, for people who ask: whether a VirtualService fits a Rollout is worth
 * knowing before the router is there. The controller itself never reads them.
 */

import type { Rollout } from '../../api/rollout.ts';
import type { KubeApi, KubeObject, ResourceType } from '../../kube/api.ts';
import { ApiError, isNotFound } from '../../kube/api.ts';
import type { JsonObject } from '../../lang/json.ts';
import type { Found, ReferencedObjects } from '../../plan/rollout/validate-references.ts';
import { virtualRouterOf, virtualServiceReferences } from '../../plan/rollout/validate-references.ts';

const type = (group: string, version: string, plural: string, kind: string): ResourceType => ({
  group,
  version,
  plural,
  kind,
  namespaced: true,
});
const VIRTUAL_SERVICE = type('networking.istio.io', 'v1', 'virtualservices', 'VirtualService');
const MAPPING = type('getambassador.io', 'v2', 'mappings', 'Mapping');
const MESH_SERVICE = type('appmesh.k8s.aws', 'v1beta2', 'virtualservices', 'VirtualService');
const MESH_ROUTER = type('appmesh.k8s.aws', 'v1beta2', 'virtualrouters', 'VirtualRouter');

type Look = (of: ResourceType, namespace: string, name: string) => Promise<JsonObject | undefined>;

/** Families of objects that the Rollout names, each with what was found of it. Rejects with `ApiError`. */
export async function meshObjects(
  live: Pick<KubeApi, 'get'>,
  rollout: Rollout,
  signal: AbortSignal,
): Promise<ReferencedObjects> {
  const { ambassador, appMesh } = rollout.spec.strategy?.canary?.trafficRouting ?? {};
  const home = rollout.metadata.namespace ?? '';
  const look: Look = async (of, namespace, name) => {
    try {
      return (await live.get(of, { namespace, name }, { signal })) as KubeObject & JsonObject;
    } catch (error) {
      // What may not be read is as unknown as what is not there.
      if (isNotFound(error) || (error instanceof ApiError && error.code === 403)) return undefined;
      throw error;
    }
  };
  const services = virtualServiceReferences(rollout);
  return {
    ...(services.length === 0
      ? {}
      : {
          virtualServices: await found(
            services.map(({ namespace, name }) => [
              `${namespace}/${name}`,
              look(VIRTUAL_SERVICE, namespace, name),
            ]),
          ),
        }),
    ...(ambassador === undefined
      ? {}
      : { mappings: await found(ambassador.mappings.map((name) => [name, look(MAPPING, home, name)])) }),
    ...(appMesh?.virtualService === undefined
      ? {}
      : await appMeshObjects(look, home, appMesh.virtualService.name)),
  };
}

async function appMeshObjects(look: Look, home: string, name: string): Promise<ReferencedObjects> {
  const service = await look(MESH_SERVICE, home, name);
  const router = service === undefined ? undefined : virtualRouterOf(service, home);
  const [namespace = '', routerName = ''] = router?.split('/') ?? [];
  return {
    appMeshVirtualServices: { [name]: service },
    ...(router === undefined
      ? {}
      : { appMeshVirtualRouters: { [router]: await look(MESH_ROUTER, namespace, routerName) } }),
  };
}

async function found(
  looks: readonly (readonly [name: string, object: Promise<JsonObject | undefined>])[],
): Promise<Found> {
  return Object.fromEntries(
    await Promise.all(looks.map(async ([name, object]) => [name, await object] as const)),
  );
}
