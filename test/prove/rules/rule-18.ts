/**
 * Looked at: ReplicaSets that we make or change, and the first writes of a process that comes up while nothing is
 * going on. Metadata and affinity that we inject are no part of a template.
 */

import type { KubeObject } from '../../../src/kube/api.ts';
import { strategyFields } from './facts.ts';
import { HASH, DEADLINE, hashOf, ownerOf, recordAt, textAt } from './read.ts';
import { isCompletedPhase } from './attempts.ts';
import type { Change, Rule, RolloutScene, Scene, Violation } from './types.ts';
import { isOurs, violation, watching, writer } from './watching.ts';

const INJECTED = 'rollout.argoproj.io/ephemeral-metadata';
const AT_REST_MS = 120_000;

export const rule18: Rule = {
  number: 18,
  sentence:
    'The same template is the same revision for ever; a restarted or new version of the controller writes nothing by ' +
    'itself; ReplicaSets of an existing Argo Rollouts installation are adopted unchanged.',
  threads: ['AR 1356', 'AR 4696', 'AR 4818'],
  needs: [],
  start: watching((checked) => {
    let lastAt = 0;
    let resting = false;
    return {
      see(happening, scene) {
        if (happening.what === 'fault' || happening.what === 'command' || happening.what === 'commit') {
          lastAt = scene.now;
          if (happening.what !== 'fault' || !happening.kind.startsWith('crash')) resting = false;
        }
        if (happening.what === 'process' && happening.state === 'leads')
          resting = scene.now - lastAt > AT_REST_MS && isAtRest(scene);
        if (happening.what !== 'change') return undefined;
        if (happening.kind === 'Lease' || happening.kind === 'Event' || happening.kind === 'Node')
          return undefined;
        lastAt = scene.now;
        if (!isOurs(happening)) {
          resting = false;
          return undefined;
        }
        checked();
        if (resting)
          return violation(
            18,
            scene,
            `${writer(happening)} came up while all was at rest, and wrote ${happening.kind} ${happening.key}`,
            `${happening.kind} ${happening.key}`,
          );
        return happening.kind === 'ReplicaSet'
          ? (twin(happening, scene) ?? changed(happening, scene))
          : undefined;
      },
    };
  }),
};

function isAtRest(scene: Scene): boolean {
  for (const rollout of scene.objects('Rollout').values())
    if (textAt(rollout, 'status', 'phase') !== 'Healthy') return false;
  for (const set of scene.objects('ReplicaSet').values())
    if (set.metadata.annotations?.[DEADLINE] !== undefined) return false;
  for (const run of scene.objects('AnalysisRun').values())
    if (!isCompletedPhase(textAt(run, 'status', 'phase') ?? '')) return false;
  return true;
}

function twin(change: Change, scene: Scene): Violation | undefined {
  const made = change.after;
  if (change.verb !== 'create' || made === undefined) return undefined;
  const owner = ownerOf(made, 'Rollout');
  const injected = injectedInto(scene, made);
  const template = templateOf(made, injected);
  for (const [key, other] of scene.objects('ReplicaSet')) {
    if (key === change.key || ownerOf(other, 'Rollout')?.uid !== owner?.uid || owner === undefined) continue;
    if (other.metadata.deletionTimestamp !== undefined || templateOf(other, injected) !== template) continue;
    return violation(
      18,
      scene,
      `${writer(change)} made ${change.key}, whose template is that of ${key}`,
      `ReplicaSet ${change.key}`,
      `ReplicaSet ${key}`,
    );
  }
  return undefined;
}

function changed(change: Change, scene: Scene): Violation | undefined {
  const { before, after } = change;
  if (before === undefined || after === undefined) return undefined;
  const injected = injectedInto(scene, before, after);
  if (hashOf(before) === hashOf(after) && templateOf(before, injected) === templateOf(after, injected))
    return undefined;
  return violation(
    18,
    scene,
    `${writer(change)} changed the pod template of ${change.key}`,
    `ReplicaSet ${change.key}`,
  );
}

const KINDS = ['labels', 'annotations'] as const;
type Injected = Readonly<Record<(typeof KINDS)[number], ReadonlySet<string>>>;

/** Names of the metadata that the records of these ReplicaSets, or the spec of their Rollout, put into templates. */
function injectedInto(scene: Scene, ...sets: readonly KubeObject[]): Injected {
  const fields = sets.flatMap((set) => [
    recordOf(set),
    ...rolloutsOf(scene, set).flatMap(({ rollout }) => {
      const ofSpec = strategyFields(rollout);
      return METADATA.map((name) => ofSpec[name]);
    }),
  ]);
  const names = (what: (typeof KINDS)[number]): ReadonlySet<string> =>
    new Set([HASH, ...fields.flatMap((field) => Object.keys(recordAt(field, what)))]);
  return { labels: names('labels'), annotations: names('annotations') };
}

/** Also of one that somebody has taken away, or that is yet to be adopted: those that select it. */
function rolloutsOf(scene: Scene, set: KubeObject): RolloutScene[] {
  const owner = scene.rolloutOf('ReplicaSet', set);
  if (owner !== undefined) return [owner];
  const { labels = {}, namespace = '' } = set.metadata;
  return [...scene.rollouts()].filter(
    ({ key, rollout }) =>
      key.startsWith(`${namespace}/`) &&
      Object.entries(recordAt(rollout, 'spec', 'selector', 'matchLabels')).every(
        ([name, value]) => labels[name] === value,
      ),
  );
}

const METADATA = ['canaryMetadata', 'stableMetadata', 'activeMetadata', 'previewMetadata'];

function recordOf(set: KubeObject): unknown {
  try {
    return JSON.parse(set.metadata.annotations?.[INJECTED] ?? '{}') as unknown;
  } catch {
    return {};
  }
}

/** In one writing, without what we inject. */
function templateOf(set: KubeObject, injected: Injected): string {
  const metadata = KINDS.map((what) =>
    Object.entries(recordAt(set, 'spec', 'template', 'metadata', what)).filter(
      ([name]) => !injected[what].has(name),
    ),
  ).map((entries) => Object.fromEntries(entries));
  const spec = { ...recordAt(set, 'spec', 'template', 'spec') };
  if (JSON.stringify(spec['affinity'] ?? '').includes(HASH)) delete spec['affinity'];
  return canonical({ metadata, spec });
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
