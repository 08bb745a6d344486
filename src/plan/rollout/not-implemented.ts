/**
 * What the API accepts and Sluice does not act on yet. Such a field is never ignored in silence: an object that uses
 * one gets the condition `NotImplemented` naming it, and no release starts. One list; a feature that
 * gets done takes its row out. Pure.
 */

import type { CanaryStep, CanaryStrategy, Rollout } from '../../api/rollout.ts';

export interface NotImplementedField {
  /** Path as a user writes it: `spec.strategy.canary.steps[2].experiment`. */
  field: string;
  /** What would be missing, for the message of the condition. */
  reason: string;
}

interface Row<T> {
  /** Path below the place that the predicate looks at. */
  path: string;
  isUsed: (value: T) => boolean;
  reason: string;
}

const isSet = <T>(key: string & keyof T, reason: string): Row<T> => ({
  path: key,
  isUsed: (value) => value[key] !== undefined && value[key] !== null,
  reason,
});

const ROLLOUT: readonly Row<Rollout['spec']>[] = [];

const CANARY: readonly Row<CanaryStrategy>[] = [
  {
    path: 'dynamicStableScale',
    isUsed: ({ dynamicStableScale }) => dynamicStableScale === true,
    reason: 'stable keeps its size during an update',
  },
  isSet('pingPong', 'services do not change roles'),
];

const STEP: readonly Row<CanaryStep>[] = [
  isSet('experiment', 'experiments are not started'),
  isSet('plugin', 'step plugins are not run'),
  isSet('setHeaderRoute', 'header routes are not made'),
  isSet('setMirrorRoute', 'mirror routes are not made'),
];

const ROUTERS_DONE: ReadonlySet<string> = new Set(['nginx']);
const ROUTERS = ['nginx', 'istio', 'alb', 'smi', 'ambassador', 'appMesh', 'traefik', 'apisix', 'plugins'];
const ROUTING: readonly Row<NonNullable<CanaryStrategy['trafficRouting']>>[] = ROUTERS.filter(
  (router) => !ROUTERS_DONE.has(router),
).map((router) => isSet(router, 'weights are not given to this router'));

/** Fields of the Rollout that it uses and Sluice can't honour yet, in the order of the table. */
export function notImplemented(rollout: Rollout): NotImplementedField[] {
  const { spec } = rollout;
  const canary = spec.strategy?.canary;
  const at = 'spec.strategy.canary';
  return [
    ...used(ROLLOUT, spec, 'spec'),
    ...used(CANARY, canary, at),
    ...used(ROUTING, canary?.trafficRouting, `${at}.trafficRouting`),
    ...(canary?.steps ?? []).flatMap((step, index) => used(STEP, step, `${at}.steps[${index}]`)),
  ];
}

function used<T>(rows: readonly Row<T>[], value: T | undefined, path: string): NotImplementedField[] {
  if (value === undefined || value === null) return [];
  return rows
    .filter(({ isUsed }) => isUsed(value))
    .map((row) => ({ field: `${path}.${row.path}`, reason: row.reason }));
}
