/**
 * What Argo Rollouts left behind, from a recorded run of it: objects of its end, or of the rest at a checkpoint, with
 * the names of this cluster in place of the recorder's masks.
 */

import { readFileSync } from 'node:fs';
import type { KubeObject, ResourceType } from '../../src/kube/api.ts';
import { INGRESS, REPLICA_SET, ROLLOUT, SERVICE } from '../../src/kube/kinds.ts';
import { isObject, type Json, type JsonObject } from '../../src/lang/json.ts';
import { stepHash } from '../../src/lang/step-hash.ts';
import { formatTime } from '../../src/lang/time.ts';
import { sharedPath } from '../shared.ts';
import { eventually } from './harness.ts';
import { type User } from './user.ts';

interface Trace {
  readonly final: Readonly<Record<string, JsonObject>>;
  readonly checkpoints: readonly {
    readonly at: string;
    readonly objects: Readonly<Record<string, JsonObject>>;
  }[];
}
const TYPES: Readonly<Record<string, ResourceType>> = {
  Service: SERVICE,
  Ingress: INGRESS,
  ReplicaSet: REPLICA_SET,
};
const HOUR_MS = 3_600_000;

export const readTrace = (scenario: string): Trace =>
  JSON.parse(readFileSync(sharedPath(`recordings/traces/${scenario}.json`), 'utf8')) as Trace;

/** The masks of the recorder. Hashes are none that we would compute: those of ReplicaSets that are there must do. */
function unmask(value: Json, masks: Readonly<Record<string, string>>): Json {
  if (Array.isArray(value)) return value.map((item) => unmask(item, masks));
  if (isObject(value)) {
    const entries = Object.entries(value).map(([key, item]) => [key, unmask(item ?? null, masks)]);
    return Object.fromEntries(entries) as JsonObject;
  }
  if (value === '<seconds>') return 5;
  if (typeof value !== 'string') return value;
  return value.replaceAll(/<[a-z]+(?::\d+)?>/g, (mask) => {
    const rs = /^<rs:(\d)>$/.exec(mask)?.[1];
    const text = rs === undefined ? masks[mask] : `6d4b75cb9${rs}`;
    if (text === undefined) throw new Error(`nothing is known for ${mask}`);
    return text;
  });
}

const part = (object: JsonObject | undefined, ...path: readonly string[]): JsonObject => {
  let value: Json | undefined = object;
  for (const key of path) value = isObject(value) ? value[key] : undefined;
  return isObject(value) ? value : {};
};

/** The status of a Rollout at a checkpoint, where the recorder keeps it in short. */
function statusAt(short: JsonObject): JsonObject {
  const [phase, message] = short['phase'] as [string, string];
  const [replicas, updatedReplicas, readyReplicas, availableReplicas, hpa] = short[
    'replicas updated ready available HPA'
  ] as number[];
  const conditions = Object.entries(short).flatMap(([key, value]) => {
    const type = /^condition (\w+)$/.exec(key)?.[1];
    if (type === undefined) return [];
    const [status, reason, text] = value as [string, string, string];
    return [{ type, status, reason, message: text }];
  });
  const pauses = (short['pauses'] ?? []) as string[];
  return {
    phase,
    message,
    conditions: conditions as unknown as Json,
    currentStepIndex: short['step'] ?? null,
    currentStepHash: short['stepHash'] ?? null,
    stableRS: short['stable'] ?? null,
    currentPodHash: short['pod'] ?? null,
    pauseConditions: pauses.map((reason) => ({ reason, startTime: '<time>' })),
    controllerPause: short['controllerPause'] ?? null,
    selector: short['selector'] ?? null,
    canary: short['weights'] === undefined ? {} : { weights: short['weights'] },
    blueGreen: {},
    replicas,
    updatedReplicas,
    readyReplicas,
    availableReplicas,
    HPAReplicas: hpa,
    observedGeneration: 'current',
  } as JsonObject;
}

/** The objects at the checkpoint `at` of that name and number (1: the first); those of the end without one. */
export function recorded(
  scenario: string,
  checkpoint?: { at: string; number: number },
): Record<string, JsonObject> {
  const { final, checkpoints } = readTrace(scenario);
  if (checkpoint === undefined) return { ...final };
  const found = checkpoints.filter(({ at }) => at === checkpoint.at)[checkpoint.number - 1];
  if (found === undefined) throw new Error(`${scenario} has no checkpoint ${checkpoint.at}`);
  const objects: Record<string, JsonObject> = {};
  for (const [key, short] of Object.entries(found.objects)) {
    const whole = final[key];
    if (whole === undefined) continue;
    const { metadata, spec } = whole as { metadata: JsonObject; spec: JsonObject };
    const annotations = short['annotations'] ?? part(metadata, 'annotations');
    const kept = { ...whole, metadata: { ...metadata, annotations } };
    if (key.startsWith('Rollout/')) objects[key] = { ...kept, status: statusAt(short) };
    else if (key.startsWith('ReplicaSet/'))
      objects[key] = { ...kept, spec: { ...spec, replicas: short['replicas'] ?? 0 } };
    else if (key.startsWith('Service/'))
      objects[key] = { ...kept, spec: { ...spec, selector: short['selector'] ?? null } };
    else objects[key] = kept;
  }
  return objects;
}

/** Puts them into the user's namespace, as they were left: pods are there, and the status says what it said. */
export async function adoptable(user: User, objects: Readonly<Record<string, JsonObject>>): Promise<void> {
  const rollout = objects['Rollout/demo'];
  const steps = stepHash(part(rollout, 'spec', 'strategy'));
  const name = part(rollout, 'status')['currentStepHash'];
  const masks: Record<string, string> = {
    '<time>': formatTime(Date.now() - HOUR_MS),
    '<uid>': '',
    '<ns>': user.namespace,
    ...(typeof name === 'string' ? { [name]: steps } : {}),
  };
  const plain = (object: JsonObject): JsonObject => unmask(object, masks) as JsonObject;
  const body = (object: JsonObject, owner?: KubeObject): Record<string, unknown> => {
    const { metadata, spec } = plain(object);
    const { labels, annotations, name: id } = metadata as JsonObject;
    const reference = {
      apiVersion: owner?.apiVersion,
      kind: owner?.kind,
      name: 'demo',
      uid: owner?.metadata.uid,
    };
    const owned = (metadata as JsonObject)['ownerReferences'] !== undefined && owner !== undefined;
    const ownerReferences = [{ ...reference, controller: true, blockOwnerDeletion: true }];
    return { metadata: { name: id, labels, annotations, ...(owned ? { ownerReferences } : {}) }, spec };
  };
  const made = await user.create(ROLLOUT, 'demo', body(rollout ?? {}));
  for (const [key, object] of Object.entries(objects)) {
    const type = TYPES[key.split('/')[0] ?? ''];
    if (type === undefined) continue;
    await user.create(type, String(part(plain(object), 'metadata')['name']), body(object, made));
  }
  await eventually('the pods', async () =>
    (await user.replicaSets()).every((set) => {
      const [wanted, there] = [part(set as never, 'spec'), part(set as never, 'status')];
      return (wanted['replicas'] ?? 0) === (there['availableReplicas'] ?? 0);
    }),
  );
  const status = plain(part(rollout, 'status'));
  // The recorder leaves these times out.
  const time = masks['<time>'] ?? '';
  status['conditions'] = ((status['conditions'] ?? []) as JsonObject[]).map((condition) => ({
    lastTransitionTime: time,
    lastUpdateTime: time,
    ...condition,
  }));
  await user.patch(
    ROLLOUT,
    'demo',
    { status: { ...status, observedGeneration: String(made.metadata.generation) } },
    'status',
  );
}

/** Every path of keys that Argo Rollouts writes somewhere in its recordings; list items and hashes count as one. */
export function pathsOf(value: Json | undefined, at = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsOf(item, `${at}[]`));
  if (!isObject(value)) return [at];
  return Object.entries(value).flatMap(([key, item]) => pathsOf(item, `${at}.${key}`));
}
