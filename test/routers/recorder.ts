/**
 * A router for tests that can do all that any router can: weights, versions, further destinations, header and mirror
 * routes, confirmation. It keeps what it is told in two ConfigMaps, one for the weights and one for the versions behind
 * them, as a VirtualService and a DestinationRule would. Configured as
 * `trafficRouting: {plugins: {"test/recorder": {}}}`.
 */

import type { ManagedRoute, Rollout, WeightDestination } from '../../src/api/rollout.ts';
import type { KubeObject } from '../../src/kube/api.ts';
import { CONFIG_MAP } from '../../src/kube/kinds.ts';
import type {
  RouteObservation,
  Router,
  RouterObjects,
  RouterWrite,
  RouteWish,
} from '../../src/routers/types.ts';

const PLUGIN = 'test/recorder';
export const RECORDER_ROUTING = { plugins: { [PLUGIN]: {} } };

type Data = Readonly<Record<string, string>>;

const weightsName = (rollout: Rollout): string => `${rollout.metadata.name}-weights`;
const versionsName = (rollout: Rollout): string => `${rollout.metadata.name}-versions`;

function weightsOf(wish: RouteWish): Data {
  const others = wish.additional.reduce((sum, { weight }) => sum + weight, 0);
  return {
    canary: String(wish.weight),
    stable: String(wish.max - wish.weight - others),
    canaryService: wish.canaryService ?? '',
    stableService: wish.stableService ?? '',
    additional: JSON.stringify(wish.additional),
    managed: JSON.stringify(wish.managed),
  };
}

const versionsOf = (wish: RouteWish): Data => ({ canary: wish.canaryHash, stable: wish.stableHash });

const dataOf = (object: KubeObject | undefined): Data | undefined => object?.['data'] as Data | undefined;

function writeOf(rollout: Rollout, name: string, data: Data, objects: RouterObjects): RouterWrite[] {
  const live = dataOf(objects.get(CONFIG_MAP, name));
  const events = [
    { type: 'Normal' as const, reason: 'Recorded', message: `${name}: ${data['canary'] ?? ''}` },
  ];
  if (live === undefined) {
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: rollout.metadata.namespace ?? '' },
      data,
    };
    return [{ type: CONFIG_MAP, name, action: 'create', object, events }];
  }
  const changed = Object.fromEntries(Object.entries(data).filter(([key, value]) => live[key] !== value));
  if (Object.keys(changed).length === 0) return [];
  return [
    { type: CONFIG_MAP, name, action: 'patch', patch: { type: 'merge', body: { data: changed } }, events },
  ];
}

function desired(rollout: Rollout, wish: RouteWish, objects: RouterObjects): RouterWrite[] {
  const weights = writeOf(rollout, weightsName(rollout), weightsOf(wish), objects);
  const versions = writeOf(rollout, versionsName(rollout), versionsOf(wish), objects);
  return wish.weightFirst ? [...weights, ...versions] : [...versions, ...weights];
}

function observe(
  rollout: Rollout,
  scope: Pick<RouteWish, 'max' | 'canaryService'>,
  objects: RouterObjects,
): RouteObservation {
  const weights = dataOf(objects.get(CONFIG_MAP, weightsName(rollout)));
  const versions = dataOf(objects.get(CONFIG_MAP, versionsName(rollout))) ?? {};
  const none = {
    weight: undefined,
    current: false,
    canaryHash: '',
    stableHash: '',
    additional: [],
    managed: [],
  };
  if (weights === undefined) return none;
  const swapped = weights['canaryService'] !== (scope.canaryService ?? '');
  const [canary, stable] = swapped ? (['stable', 'canary'] as const) : (['canary', 'stable'] as const);
  const additional = JSON.parse(weights['additional'] ?? '[]') as WeightDestination[];
  const sum = [canary, stable].reduce((total, end) => total + Number(weights[end]), 0);
  const others = additional.reduce((total, { weight }) => total + weight, 0);
  return {
    weight: Number(weights[canary]),
    current: sum + others === scope.max,
    canaryHash: versions[canary] ?? '',
    stableHash: versions[stable] ?? '',
    additional,
    managed: JSON.parse(weights['managed'] ?? '[]') as ManagedRoute[],
  };
}

export function recorder(options: Pick<Router, 'verify'> = {}): Router {
  return {
    name: `plugins.${PLUGIN}`,
    isConfigured: (rollout) =>
      Object.hasOwn(rollout.spec.strategy?.canary?.trafficRouting?.plugins ?? {}, PLUGIN),
    types: [CONFIG_MAP],
    references: (rollout) => [
      { type: CONFIG_MAP, name: weightsName(rollout) },
      { type: CONFIG_MAP, name: versionsName(rollout) },
    ],
    desired,
    observe,
    ...options,
  };
}
