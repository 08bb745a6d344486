/** Worlds whose metrics wait for traffic (`evidence.waitForTraffic`). */

import type { KubeObject } from '../../src/kube/api.ts';
import { isObject, type JsonObject } from '../../src/lang/json.ts';
import type { History } from './history.ts';

/** One history in so many. */
const EACH = 4;

export function withEvidence(history: History): History {
  const { seed, setup, events } = history;
  if (seed % EACH !== 1 || waitsForEver(setup.rollout)) return history;
  // Steps that people get wrong meanwhile may measure what gets none.
  if (events.some((event) => event.do === 'break')) return history;
  return { ...history, setup: { ...setup, objects: setup.objects.map(waiting) } };
}

function waiting(object: KubeObject): KubeObject {
  if (object.kind !== 'AnalysisTemplate') return object;
  const spec = object['spec'] as JsonObject;
  const metrics = (spec['metrics'] as JsonObject[]).map((metric) => ({
    ...metric,
    evidence: { waitForTraffic: true },
  }));
  return { ...object, spec: { ...spec, metrics } };
}

/** An analysis step of a canary that is to have no traffic there. */
function waitsForEver(rollout: KubeObject): boolean {
  const { strategy } = rollout['spec'] as { strategy: { canary?: { steps?: JsonObject[] } } };
  let weight = 0;
  let isScaled = false;
  for (const step of strategy.canary?.steps ?? []) {
    if (typeof step['setWeight'] === 'number') weight = step['setWeight'];
    const scale = step['setCanaryScale'];
    if (isObject(scale)) isScaled = scale['matchTrafficWeight'] !== true;
    if (step['analysis'] !== undefined && (weight === 0 || isScaled)) return true;
  }
  return false;
}
