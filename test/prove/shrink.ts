/** The smallest history that still breaks the same rule: fewer events first, then a plainer world. */

import type { JsonObject } from '../../src/lang/json.ts';
import type { History, HistoryEvent } from './history.ts';

export interface Shrunk {
  readonly history: History;
  readonly tries: number;
}

/** `fails` plays a history. Bounded by `maxTries`. */
export async function shrink(
  history: History,
  fails: (history: History) => Promise<boolean>,
  maxTries = 400,
): Promise<Shrunk> {
  let best = history;
  let tries = 0;
  const better = async (candidate: History): Promise<boolean> => {
    if (tries >= maxTries) return false;
    tries++;
    if (!(await fails(candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = Math.ceil(best.events.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < best.events.length;) {
      const events = best.events.toSpliced(from, size);
      if (!(await better({ ...best, events }))) from += size;
    }
  }
  // Once more, one by one: what went later may have kept something earlier.
  for (let from = best.events.length - 1; from >= 0; from--)
    await better({ ...best, events: best.events.toSpliced(from, 1) });
  const plainer = async (): Promise<boolean> => {
    for (const candidate of plainerWorlds(best)) if (await better(candidate)) return true;
    return false;
  };
  while (await plainer());
  return { history: best, tries };
}

function* plainerWorlds(history: History): Generator<History> {
  const { setup } = history;
  if (setup.processes === 2) yield { ...history, setup: { ...setup, processes: 1 } };
  if (setup.source !== 'rollout' && (setup.rollout['spec'] as JsonObject)['template'] !== undefined)
    yield { ...history, setup: { ...setup, source: 'rollout' } };
  for (const spec of plainerSpecs(setup.rollout['spec'] as JsonObject))
    yield { ...history, setup: { ...setup, rollout: { ...setup.rollout, spec } } };
  for (const [index, event] of history.events.entries()) {
    for (const plainer of plainerEvents(event))
      yield { ...history, events: history.events.with(index, plainer) };
  }
}

const KEPT = new Set([
  'selector',
  'template',
  'workloadRef',
  'strategy',
  'replicas',
  'canary',
  'blueGreen',
  'activeService',
  'stableService',
  'canaryService',
  'previewService',
  'trafficRouting',
  'nginx',
  'stableIngress',
  'steps',
]);

function* plainerSpecs(spec: JsonObject): Generator<JsonObject> {
  for (const key of Object.keys(spec)) if (!KEPT.has(key)) yield without(spec, key);
  const strategies = (spec['strategy'] ?? {}) as Record<string, JsonObject>;
  for (const [name, fields] of Object.entries(strategies)) {
    const withFields = (changed: JsonObject): JsonObject => ({ ...spec, strategy: { [name]: changed } });
    for (const key of Object.keys(fields)) if (!KEPT.has(key)) yield withFields(without(fields, key));
    const steps = fields['steps'];
    if (Array.isArray(steps))
      for (const index of steps.keys()) yield withFields({ ...fields, steps: steps.toSpliced(index, 1) });
  }
  const { template } = spec as { template?: JsonObject };
  const metadata = (template?.['metadata'] ?? {}) as JsonObject;
  const annotations = (metadata['annotations'] ?? {}) as JsonObject;
  for (const key of Object.keys(annotations))
    yield {
      ...spec,
      template: { ...template, metadata: { ...metadata, annotations: without(annotations, key) } },
    };
  const { replicas } = spec as { replicas?: number };
  if (replicas !== undefined && replicas > 1) yield { ...spec, replicas: replicas - 1 };
}

function* plainerEvents(event: HistoryEvent): Generator<HistoryEvent> {
  if (event.do === 'aim' && event.nth > 1) yield { ...event, nth: event.nth - 1 };
  if (event.do === 'weather' && event.rate < 1) yield { ...event, rate: 1 };
  const whole = Math.round(event.at / 10_000) * 10_000;
  if (event.at !== whole) yield { ...event, at: whole };
}

const without = (object: JsonObject, key: string): JsonObject => {
  const { [key]: _, ...rest } = object;
  return rest;
};
