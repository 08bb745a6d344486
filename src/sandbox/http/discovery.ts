/** What the server says it serves: the old lists and the aggregated one. */

import type { JsonObject } from '../../lang/json.ts';
import type { ApiServer } from '../apiserver/server.ts';
import type { Resource } from '../apiserver/resource.ts';

export const VERSION: JsonObject = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.1-sluice-sandbox',
  gitCommit: '',
  gitTreeState: '',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: 'sandbox/any',
};

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];

interface GroupVersion {
  version: string;
  resources: Resource[];
}

/** In the order in which a real server prefers groups: built-in ones first. */
function groups(server: ApiServer): Map<string, GroupVersion[]> {
  const out = new Map<string, GroupVersion[]>();
  for (const resource of server.resources()) {
    const { group, version } = resource.type;
    let versions = out.get(group);
    if (versions === undefined) {
      versions = [];
      out.set(group, versions);
    }
    let entry = versions.find((item) => item.version === version);
    if (entry === undefined) {
      entry = { version, resources: [] };
      versions.push(entry);
    }
    entry.resources.push(resource);
  }
  return out;
}

/** The order in which the real server lists the verbs of custom resources. */
const CUSTOM_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

const verbsOf = (resource: Resource): string[] => {
  if (resource.review !== undefined) return ['create'];
  return resource.custom ? CUSTOM_VERBS : VERBS;
};

function subresources(
  resource: Resource,
): { name: string; group: string; version: string; kind: string; verbs: string[] }[] {
  const { group, version, kind, plural } = resource.type;
  return [
    ...(resource.hasStatus
      ? [{ name: 'status', group: '', version: '', kind, verbs: SUBRESOURCE_VERBS }]
      : []),
    ...(resource.scale === undefined
      ? []
      : [{ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: SUBRESOURCE_VERBS }]),
    ...(group === '' && plural === 'pods' && version === 'v1'
      ? [{ name: 'eviction', group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] }]
      : []),
  ];
}

export function aggregated(server: ApiServer, core: boolean): JsonObject {
  const items = [...groups(server)]
    .filter(([group]) => (group === '') === core)
    .map(([group, versions]) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versions.map(({ version, resources }) => ({
        version,
        resources: resources.map((resource) => ({
          resource: resource.type.plural,
          responseKind: { group: group, version: version, kind: resource.type.kind },
          scope: resource.type.namespaced ? 'Namespaced' : 'Cluster',
          singularResource: resource.singular,
          verbs: verbsOf(resource),
          ...(resource.shortNames.length > 0 ? { shortNames: [...resource.shortNames] } : {}),
          ...(resource.categories.length > 0 ? { categories: [...resource.categories] } : {}),
          ...(subresources(resource).length > 0
            ? {
                subresources: subresources(resource).map((sub) => ({
                  subresource: sub.name,
                  responseKind: { group: sub.group, version: sub.version, kind: sub.kind },
                  verbs: sub.verbs,
                })),
              }
            : {}),
        })),
        freshness: 'Current',
      })),
    }));
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items,
  } as JsonObject;
}

const apiGroup = (group: string, versions: GroupVersion[]): JsonObject => {
  const list = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: list, preferredVersion: list[0] ?? {} };
};

/** `/api`, `/api/v1`, `/apis`, `/apis/<group>`, `/apis/<group>/<version>`; undefined where there is nothing. */
export function classic(server: ApiServer, parts: readonly string[]): JsonObject | undefined {
  const all = groups(server);
  const [root, group, version] = parts;
  if (root === 'api') {
    if (group === undefined) {
      return {
        kind: 'APIVersions',
        versions: ['v1'],
        serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' }],
      };
    }
    return resourceList('', group, all.get(''));
  }
  if (group === undefined) {
    return {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [...all].filter(([name]) => name !== '').map(([name, versions]) => apiGroup(name, versions)),
    };
  }
  const versions = group === '' ? undefined : all.get(group);
  if (versions === undefined) return undefined;
  if (version === undefined) return { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group, versions) };
  return resourceList(group, version, versions);
}

function resourceList(
  group: string,
  version: string,
  versions: GroupVersion[] | undefined,
): JsonObject | undefined {
  const found = versions?.find((item) => item.version === version);
  if (found === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: group === '' ? version : `${group}/${version}`,
    resources: found.resources.flatMap((resource) => [
      {
        name: resource.type.plural,
        singularName: resource.singular,
        namespaced: resource.type.namespaced,
        kind: resource.type.kind,
        verbs: verbsOf(resource),
        ...(resource.shortNames.length > 0 ? { shortNames: [...resource.shortNames] } : {}),
        ...(resource.categories.length > 0 ? { categories: [...resource.categories] } : {}),
      },
      ...subresources(resource).map((sub) => ({
        name: `${resource.type.plural}/${sub.name}`,
        singularName: '',
        namespaced: resource.type.namespaced,
        ...(sub.group === '' ? {} : { group: sub.group, version: sub.version }),
        kind: sub.kind,
        verbs: sub.verbs,
      })),
    ]),
  };
}
