/**
 * Worlds with odd objects: templates with affinities and annotations of their own, a workload that has pods, a name that
 * is taken, and people who write where only controllers should: in annotations, owners and conditions of ReplicaSets and
 * in the status of a Rollout. Not by the dice of the history.
 */

import type { KubeObject } from '../../src/kube/api.ts';
import type { Json, JsonObject } from '../../src/lang/json.ts';
import { podTemplateHash } from '../../src/lang/pod-hash.ts';
import {
  DESIRED_REPLICAS,
  EPHEMERAL_METADATA,
  REVISION,
  SCALE_DOWN_DEADLINE,
} from '../../src/plan/rollout/names.ts';
import { Dice } from './dice.ts';
import type { Action, History, HistoryEvent, Setup } from './history.ts';
import { NAME, SHOP, templateOf } from './manifests.ts';

const SECOND = 1_000;
const STREAM = 0x6f6464;
/** One history in so many. */
const EACH = 7;
const ODDITIES_EACH = 4;

export const isOdd = (seed: number): boolean => seed % EACH === 4;

export function withOddities(history: History): History {
  const { seed, setup, events } = history;
  if (!isOdd(seed)) return history;
  const dice = new Dice(seed ^ STREAM);
  const turn = Math.floor(seed / EACH);
  const first = events.find((event) => event.do === 'image')?.at ?? 10 * SECOND;
  const made: HistoryEvent[] = [];
  let at = first + dice.int(1, 15) * SECOND;
  for (let i = 0; i < ODDITIES_EACH; i++) {
    made.push({ at, ...(ODDITIES[(turn * ODDITIES_EACH + i) % ODDITIES.length] as Action) });
    at += dice.pick([1, 5, 20]) * SECOND;
    if (dice.chance(0.5)) made.push({ at, do: 'mend' });
    at += dice.int(1, 20) * SECOND;
  }
  made.push({ at, do: 'mend' });
  return {
    ...history,
    setup: withTaken(dice, withWorkload(dice, withTemplate(dice, setup))),
    events: [...events, ...made].toSorted((a, b) => a.at - b.at),
  };
}

// ---- what is there

const term = (labelSelector: Json | undefined): JsonObject => ({
  topologyKey: 'kubernetes.io/hostname',
  ...(labelSelector === undefined ? {} : { labelSelector }),
});
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
const OTHERS = { matchExpressions: [{ key: 'app', operator: 'In', values: ['other'] }] };
const AFFINITIES: readonly JsonObject[] = [
  {
    nodeAffinity: {
      [PREFERRED]: [{ weight: 1, preference: { matchExpressions: [{ key: 'zone', operator: 'Exists' }] } }],
    },
  },
  { podAntiAffinity: { [REQUIRED]: [term(OTHERS)] } },
  {
    podAntiAffinity: {
      [PREFERRED]: [{ weight: 5, podAffinityTerm: term({ matchLabels: { app: 'other' } }) }],
    },
  },
  { podAntiAffinity: { [REQUIRED]: [term(undefined)] }, podAffinity: { [REQUIRED]: [term(OTHERS)] } },
  { podAntiAffinity: {} },
];

/** With an affinity of the user's beside the one that is injected, and annotations beside ephemeral ones. */
function withTemplate(dice: Dice, setup: Setup): Setup {
  const spec = setup.rollout['spec'] as JsonObject;
  const template = spec['template'] as { metadata: JsonObject; spec: JsonObject } | undefined;
  const affinity = dice.pick(AFFINITIES);
  if (template === undefined) return setup;
  const strategy = spec['strategy'] as { canary?: JsonObject; blueGreen?: JsonObject };
  const name = strategy.canary === undefined ? 'blueGreen' : 'canary';
  const antiAffinity = dice.pick([{ [REQUIRED]: {} }, { [PREFERRED]: { weight: 7 } }]);
  const ephemeral = dice.pick<JsonObject>([
    { labels: { role: 'new' } },
    { annotations: { note: 'new' } },
    { labels: { app: NAME }, annotations: { own: 'x' } },
  ]);
  const metadata = { [name === 'canary' ? 'canaryMetadata' : 'previewMetadata']: ephemeral };
  return {
    ...setup,
    rollout: {
      ...setup.rollout,
      spec: {
        ...spec,
        template: {
          metadata: {
            ...template.metadata,
            annotations: { own: 'annotation', ...(template.metadata['annotations'] as JsonObject) },
          },
          spec: { ...template.spec, affinity },
        },
        strategy: { [name]: { ...strategy[name], antiAffinity, ...metadata } },
      } as unknown as JsonObject,
    },
  };
}

/** A Deployment that had the pods before. */
function withWorkload(dice: Dice, setup: Setup): Setup {
  const replicas = dice.int(1, 4);
  const objects = setup.objects.map((object) =>
    object.kind === 'Deployment'
      ? { ...object, spec: { ...(object['spec'] as JsonObject), replicas } }
      : object,
  );
  return { ...setup, objects };
}

/** Somebody's ReplicaSet has the name that the next version would have. */
function withTaken(dice: Dice, setup: Setup): Setup {
  const spec = setup.rollout['spec'] as JsonObject;
  const template = spec['template'] as JsonObject | undefined;
  if (setup.source !== 'rollout' || template === undefined || !dice.chance(0.4)) return setup;
  const next = { ...template, spec: { ...(template['spec'] as JsonObject), ...podSpecOf('v2') } };
  const labels = { app: 'other' };
  const taken: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: `${NAME}-${podTemplateHash(next)}`, namespace: SHOP, labels },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpecOf('v1') },
    },
  };
  return { ...setup, objects: [...setup.objects, taken] };
}

const podSpecOf = (tag: string): JsonObject =>
  (templateOf(tag)['template'] as JsonObject)['spec'] as JsonObject;

// ---- what is done to it

const breaks = (what: string, of: string, change: object): Action => ({
  do: 'break',
  what,
  of,
  change: change as JsonObject,
});
const annotated = (what: string, of: string, annotations: object): Action =>
  breaks(what, `ReplicaSet/${of}`, { metadata: { annotations } });
const failure = (type: string): JsonObject =>
  ({ conditions: [{ type, status: 'True', reason: 'FailedCreate', message: 'quota' }] }) as JsonObject;

export const ODDITIES: readonly Action[] = [
  annotated('no annotations', '@canary', {
    [REVISION]: null,
    [DESIRED_REPLICAS]: null,
    [EPHEMERAL_METADATA]: null,
  }),
  annotated('no annotations of stable', '@stable', { [REVISION]: null, [DESIRED_REPLICAS]: null }),
  annotated('a revision that is no number', '@canary', { [REVISION]: 'first', [DESIRED_REPLICAS]: 'some' }),
  annotated('a deadline that is no time', '@stable', { [SCALE_DOWN_DEADLINE]: 'soon' }),
  annotated('an empty deadline', '@canary', { [SCALE_DOWN_DEADLINE]: '' }),
  annotated('metadata that does not parse', '@canary', { [EPHEMERAL_METADATA]: '{' }),
  annotated('metadata that is none', '@stable', { [EPHEMERAL_METADATA]: '[]' }),
  annotated('metadata of half a kind', '@canary', { [EPHEMERAL_METADATA]: '{"labels":5}' }),
  annotated('a long history', '@canary', {
    'rollout.argoproj.io/revision-history': Array.from({ length: 600 }, (_, i) => i).join(','),
  }),
  annotated('an empty history', '@stable', { 'rollout.argoproj.io/revision-history': '' }),
  breaks('no owner', 'ReplicaSet/@canary', { metadata: { ownerReferences: null } }),
  breaks('no owner of stable', 'ReplicaSet/@stable', { metadata: { ownerReferences: null } }),
  breaks('a note on the template', 'ReplicaSet/@canary', {
    spec: { template: { metadata: { annotations: { by: 'hand' } } } },
  }),
  { do: 'live', of: 'ReplicaSet/@canary', status: failure('ReplicaFailure') },
  { do: 'live', of: 'ReplicaSet/@stable', status: failure('ReplicaFailure') },
  { do: 'live', of: 'Rollout/web', status: { controllerPause: true, pauseConditions: null } },
  { do: 'live', of: 'Rollout/web', status: { conditions: null } },
  { do: 'live', of: 'Rollout/web', status: { message: null, selector: null } },
  { do: 'live', of: 'Rollout/web', status: { restartedAt: null, HPAReplicas: null } },
  { do: 'live', of: 'Rollout/web', status: { observedGeneration: 'soon' } },
  { do: 'recreate', afterMs: 5 * SECOND, foreground: true },
];
