/** Health as Argo CD judges it (spec 11 section 5). */

import { isObject, type Json, type JsonObject, objectOf } from '../../../lang/json.ts';

export const HEALTH_ORDER = [
  'Healthy',
  'Suspended',
  'Progressing',
  'Missing',
  'Degraded',
  'Unknown',
] as const;
export type HealthCode = (typeof HEALTH_ORDER)[number];

export interface Health {
  readonly status: HealthCode;
  readonly message?: string;
}

export const health = (status: HealthCode, message?: string): Health =>
  message === undefined || message === '' ? { status } : { status, message };

export const section = (object: JsonObject, name: string): JsonObject => objectOf(object[name]);
export const number = (value: Json | undefined, otherwise = 0): number =>
  typeof value === 'number' ? value : otherwise;
export const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function conditionsOf(object: JsonObject): Condition[] {
  const list = section(object, 'status')['conditions'];
  return (Array.isArray(list) ? list : []).filter(isObject).map((condition) => ({
    type: text(condition['type']),
    status: text(condition['status']),
    reason: text(condition['reason']),
    message: text(condition['message']),
  }));
}

export const conditionOf = (object: JsonObject, type: string): Condition | undefined =>
  conditionsOf(object).find((condition) => condition.type === type);

/** Whether the controller of the kind has seen the current spec. */
export function isObserved(object: JsonObject): boolean {
  const generation = number(section(object, 'metadata')['generation']);
  return generation <= number(section(object, 'status')['observedGeneration']);
}
