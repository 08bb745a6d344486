/**
 * What the API accepts and Sluice does not act on yet. Such a field is never ignored in silence: an object that uses
 * one gets the condition `NotImplemented` naming it, and no release starts. One list; a feature that
 * gets done takes its row out. Pure.
 */

import type { CanaryStep, Rollout, TrafficRouting } from '../../api/rollout.ts';

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

const STEP: readonly Row<CanaryStep>[] = [
  isSet('experiment', 'experiments are not started'),
  isSet('plugin', 'step plugins are not run'),
];

/** The routers that every controller drives. */
const DRIVEN: ReadonlySet<string> = new Set(['nginx']);
const ROUTERS = ['nginx', 'istio', 'alb', 'smi', 'ambassador', 'appMesh', 'traefik', 'apisix'];
const NO_ROUTER = 'weights are not given to this router';

/**
 * Fields of the Rollout that it uses and Sluice can't honour yet, in the order of the table. `driven` names the routers
 * that this controller has, plugins as `plugins.<name>`.
 */
export function notImplemented(
  rollout: Rollout,
  driven: ReadonlySet<string> = DRIVEN,
): NotImplementedField[] {
  const canary = rollout.spec.strategy?.canary;
  const at = 'spec.strategy.canary';
  return [
    ...routersMissing(canary?.trafficRouting, driven, `${at}.trafficRouting`),
    ...(canary?.steps ?? []).flatMap((step, index) => used(STEP, step, `${at}.steps[${index}]`)),
  ];
}

function routersMissing(
  routing: TrafficRouting | undefined,
  driven: ReadonlySet<string>,
  path: string,
): NotImplementedField[] {
  const named = ROUTERS.filter((router) => !driven.has(router)).map((router) =>
    isSet<TrafficRouting>(router, NO_ROUTER),
  );
  const plugins = Object.keys(routing?.plugins ?? {});
  const known = plugins.length > 0 && plugins.every((plugin) => driven.has(`plugins.${plugin}`));
  return used(known ? named : [...named, isSet<TrafficRouting>('plugins', NO_ROUTER)], routing, path);
}

function used<T>(rows: readonly Row<T>[], value: T | undefined, path: string): NotImplementedField[] {
  if (value === undefined || value === null) return [];
  return rows
    .filter(({ isUsed }) => isUsed(value))
    .map((row) => ({ field: `${path}.${row.path}`, reason: row.reason }));
}
