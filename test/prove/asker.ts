/** A person at the CLI who reads: `why`, and `plan` before an edit. Nothing of it changes the world. */

import { problemsOf } from '../../src/cli/foresight/problems.ts';
import { manifestSource } from '../../src/cli/foresight/source.ts';
import { withStandIns } from '../../src/cli/foresight/stand-ins.ts';
import { gatherOnce } from '../../src/control/rollout/gather-once.ts';
import { isNotFound, type KubeObject } from '../../src/kube/api.ts';
import { ROLLOUT } from '../../src/kube/kinds.ts';
import type { JsonObject } from '../../src/lang/json.ts';
import { applyMergePatch } from '../../src/lang/patch/merge.ts';
import { foresee } from '../../src/plan/rehearsal/foresee.ts';
import type { Start } from '../../src/plan/rehearsal/rehearse.ts';
import type { RolloutSnapshot } from '../../src/plan/rollout/index.ts';
import { refusalOf } from '../../src/plan/rollout/validation.ts';
import { explainRollout } from '../../src/plan/why/explain.ts';
import { KEY, NAME, SHOP } from './manifests.ts';
import { readyAfterMs } from './answers/plan.ts';
import type { World } from './world.ts';

export async function askWhy(world: World, atRest = false): Promise<void> {
  const snapshot = await look(world);
  if (snapshot === undefined) return;
  const answer = orError(() => explainRollout(snapshot));
  world.tell({ what: 'asked', at: world.clock.now(), key: KEY, snapshot, answer, atRest });
}

/** `kubectl sluice plan --against live` of the Rollout with this change of its spec. */
export async function rehearseEdit(world: World, spec: JsonObject): Promise<void> {
  const snapshot = await look(world, spec);
  if (snapshot === undefined || !isReadable(snapshot)) return;
  const foresight = orError(() => foresee(snapshot, { readyAfterMs }));
  world.tell({ what: 'rehearsed', at: world.clock.now(), key: KEY, snapshot, foresight });
}

const isReadable = (snapshot: RolloutSnapshot): snapshot is Start => snapshot.rollout !== undefined;

const orError = <T>(answer: () => T): T | string => {
  try {
    return answer();
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
};

/** undefined: there is no such Rollout now. */
async function look(world: World, spec?: JsonObject): Promise<RolloutSnapshot | undefined> {
  const person = world.as('person');
  try {
    const live = await person.get(ROLLOUT, { namespace: SHOP, name: NAME });
    const object = spec === undefined || Object.keys(spec).length === 0 ? live : edited(live, spec);
    return await gatherOnce(person, object, {
      now: world.clock.now(),
      signal: new AbortController().signal,
      onDenied: () => {},
      routers: world.routers,
    });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

const edited = (live: KubeObject, spec: JsonObject): KubeObject => ({
  ...live,
  spec: applyMergePatch(live['spec'] as JsonObject, spec),
  metadata: { ...live.metadata, generation: (live.metadata.generation ?? 0) + 1 },
});

/**
 * `kubectl sluice plan -f` of a file with this strategy and these objects, seen on their own and with what is missing
 * taken to be there. Throws where the plugin finds nothing wrong with what the controller would refuse.
 */
export async function lintFile(
  world: World,
  canary: JsonObject,
  beside: readonly JsonObject[],
): Promise<void> {
  const person = world.as('person');
  const live = await person.get(ROLLOUT, { namespace: SHOP, name: NAME });
  const object = edited(live, { strategy: { blueGreen: null, canary } });
  const manifest = object as KubeObject & JsonObject;
  const manifests = [manifest, ...beside];
  const snapshot = await gatherOnce(manifestSource(manifests, SHOP, person), object, {
    now: world.clock.now(),
    signal: new AbortController().signal,
    onDenied: () => {},
  });
  for (const seen of [snapshot, withStandIns(snapshot).snapshot]) {
    const problems = problemsOf(manifest, manifests, seen);
    const refusal = refusalOf(seen);
    if (problems.length === 0 && refusal !== undefined)
      throw new Error(`plan finds nothing, and the controller says ${refusal.condition.message}`);
  }
}
