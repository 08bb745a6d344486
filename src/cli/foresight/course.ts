/** What is foreseen, for each part of the way: from manifests alone, or from where the cluster stands. */

import type { KubeObject } from '../../kube/api.ts';
import { ROLLOUT } from '../../kube/kinds.ts';
import type { JsonObject } from '../../lang/json.ts';
import { deepEqual, isObject } from '../../lang/json.ts';
import { gatherOnce, type LookOptions } from '../../control/rollout/gather-once.ts';
import { type Foresight, foresee, foreseeIn } from '../../plan/rehearsal/foresee.ts';
import type { Start } from '../../plan/rehearsal/rehearse.ts';
import { type Assumptions, RehearsalWorld } from '../../plan/rehearsal/world.ts';
import type { RolloutSnapshot } from '../../plan/rollout/index.ts';
import { type Completed, withStandIns } from './stand-ins.ts';
import { manifestSource, readIfThere, type Source } from './source.ts';

export interface Course {
  readonly snapshot: RolloutSnapshot;
  /** In order: a first deploy is followed by the update that comes after it. */
  readonly parts: readonly Foresight[];
  /** What a file refers to and does not hold. */
  readonly missing: readonly string[];
  /** The Rollout that was there before. */
  readonly live: KubeObject | undefined;
}

export interface CourseOptions extends LookOptions {
  readonly namespace: string;
  /** Milliseconds from the wish for a pod until it is ready. */
  readonly podReadyMs: number;
  /** Undefined: there are only the manifests. */
  readonly live: Source | undefined;
}

/** Rejects with `ApiError` where the cluster can't be asked. */
export async function courseOf(
  manifest: JsonObject,
  manifests: readonly JsonObject[],
  options: CourseOptions,
): Promise<Course> {
  const { namespace, live, signal } = options;
  const name = String((manifest['metadata'] as JsonObject)['name']);
  const own = manifestSource(manifests, namespace, undefined);
  const file = await own.get(ROLLOUT, { namespace, name });
  const before =
    live === undefined ? undefined : await readIfThere(live, ROLLOUT, { namespace, name }, signal);
  const object = before === undefined ? file : applied(before, file);
  const look = await gatherOnce(manifestSource(manifests, namespace, live), object, options);
  const { snapshot, missing }: Completed<RolloutSnapshot> =
    live === undefined ? withStandIns(look) : { snapshot: look, missing: [] };
  const assumptions: Assumptions = {
    readyAfterMs: (rs) => options.podReadyMs + (rs.spec.minReadySeconds ?? 0) * 1000,
  };
  return { snapshot, parts: partsOf(snapshot, assumptions, before !== undefined), missing, live: before };
}

function partsOf(snapshot: RolloutSnapshot, assumptions: Assumptions, isLive: boolean): Foresight[] {
  if (!canBeRehearsed(snapshot)) return [];
  const start: Start = snapshot;
  const first = foresee(start, assumptions);
  if (isLive || first.refusal !== undefined) return [first];
  const world = new RehearsalWorld(start, assumptions);
  foreseeIn(world, assumptions);
  if (first.rehearsal.ending !== 'settled') return [first];
  world.edit((rollout) => {
    const { template = {} } = rollout.spec;
    const metadata = isObject(template['metadata']) ? template['metadata'] : {};
    const annotations = isObject(metadata['annotations']) ? metadata['annotations'] : {};
    rollout.spec.template = {
      ...template,
      metadata: { ...metadata, annotations: { ...annotations, 'example.com/rehearsal': 'next' } },
    };
  });
  return [first, foreseeIn(world, assumptions)];
}

const canBeRehearsed = (snapshot: RolloutSnapshot): snapshot is Start => snapshot.rollout !== undefined;

/** What `kubectl apply` would make of it. A number of replicas that the file does not name stays. */
function applied(live: KubeObject, file: KubeObject): KubeObject {
  const [before, after] = [live['spec'], file['spec']];
  const replicas = isObject(before) ? before['replicas'] : undefined;
  const spec = isObject(after) && replicas !== undefined ? { replicas, ...after } : after;
  const { labels, annotations, generation = 0 } = live.metadata;
  return {
    ...live,
    spec,
    metadata: {
      ...live.metadata,
      labels: { ...labels, ...file.metadata.labels },
      annotations: { ...annotations, ...file.metadata.annotations },
      generation: deepEqual(before as never, spec as never) ? generation : generation + 1,
    },
  };
}
