/**
 * Looked at: every write of ours that makes a ReplicaSet smaller or deletes it. As long as something sends it a share
 * of the traffic it keeps the pods for this share; an old stable version and an aborted one keep them for their
 * delay. Where a user's setCanaryScale asks for fewer, that is the user's.
 */

import type { KubeObject } from '../../../src/kube/api.ts';
import { abortDelayOf, scaleDownDelayOf, scaleStepAt, strategyFields } from './facts.ts';
import { at, hashOf, numberAt, sizeOf } from './read.ts';
import { sharesOf } from './routes.ts';
import type { Change, Rule, RolloutScene, Scene, Violation } from './types.ts';
import { isClockFault, isOurs, percent, seconds, touched, violation, watching, writer } from './watching.ts';

/** Deadlines are written in whole seconds. */
const WHOLE_SECOND_MS = 1_000;

interface Past {
  /** Versions that were stable once, and since when nothing sends them requests. */
  readonly wasStable: Set<string>;
  readonly letGoAt: Map<string, number>;
  abortedAt: number | undefined;
  specAt: number;
  /** By version, the mark that somebody else put on it: its delay is theirs (spec 02 section 9). */
  readonly marks: Map<string, string>;
}

export const rule03: Rule = {
  number: 3,
  sentence:
    'A ReplicaSet that had traffic is scaled down only after the observed router state, selectors and subsets have ' +
    'let go of it, plus the delay where one applies.',
  threads: ['AR 3926', 'AR 4595', 'AR 3333', 'AR 4433'],
  needs: [],
  start: watching((checked) => {
    const pasts = new Map<string, Past>();
    let clockJumpedAt = -Infinity;
    return {
      see(happening, scene) {
        if (happening.what === 'fault' && isClockFault(happening.kind)) clockJumpedAt = happening.at;
        if (happening.what !== 'change' || happening.kind === 'Pod') return undefined;
        for (const rollout of touched(happening, scene)) {
          const past = remember(pasts, rollout, happening, scene);
          if (!isOurs(happening) || happening.kind !== 'ReplicaSet' || rollout.ending) continue;
          if (happening.before === undefined || sizeOf(happening.before) === 0) continue;
          if (sizeOf(happening.after) >= sizeOf(happening.before)) continue;
          checked();
          const found =
            stillServes(happening, rollout, scene) ??
            (clockJumpedAt > scene.now - 3_600_000 ? undefined : tooEarly(happening, rollout, past, scene));
          if (found !== undefined) return found;
        }
        return undefined;
      },
    };
  }),
};

function remember(pasts: Map<string, Past>, rollout: RolloutScene, change: Change, scene: Scene): Past {
  const fresh: Past = {
    wasStable: new Set(),
    letGoAt: new Map(),
    abortedAt: undefined,
    specAt: -Infinity,
    marks: new Map(),
  };
  const past = pasts.get(rollout.key) ?? fresh;
  pasts.set(rollout.key, past);
  if (rollout.stable !== undefined) past.wasStable.add(rollout.stable);
  // As the new version of a canary once more it is one that can be replaced in the middle, and then goes at once.
  if (rollout.strategy === 'canary' && rollout.current !== undefined && rollout.current !== rollout.stable)
    past.wasStable.delete(rollout.current);
  const aborted = at(rollout.rollout, 'status', 'abort') === true;
  past.abortedAt = aborted ? (past.abortedAt ?? scene.now) : undefined;
  const { before, after } = change;
  if (change.kind === 'Rollout' && before?.metadata.generation !== after?.metadata.generation)
    past.specAt = scene.now;
  const mark = markOf(after);
  if (change.kind === 'ReplicaSet' && !isOurs(change) && mark !== undefined && mark !== markOf(before))
    past.marks.set(hashOf(after) ?? '', mark);
  const shares = sharesOf(scene.routes(rollout.key));
  for (const [hash, { ready }] of rollout.versions) {
    // One without a ready pod gets nothing, whatever selects it.
    if ((shares.get(hash) ?? 0) > 0 && ready > 0) past.letGoAt.delete(hash);
    else if (!past.letGoAt.has(hash)) past.letGoAt.set(hash, scene.now);
  }
  return past;
}

const markOf = (replicaSet: KubeObject | undefined): string | undefined =>
  replicaSet?.metadata.annotations?.['scale-down-deadline'];

function stillServes(change: Change, rollout: RolloutScene, scene: Scene): Violation | undefined {
  const hash = hashOf(change.before) ?? '';
  const since = scene.informedSince(change);
  if (scene.meddledAt(rollout.key) >= since) return undefined;
  const routes = scene.routes(rollout.key);
  const share = sharesOf(routes).get(hash) ?? 0;
  const special = routes.some(
    ({ kind, destinations }) =>
      (kind === 'header' || kind === 'mirror') && destinations.some((to) => to.hashes.includes(hash)),
  );
  const desired = scene.leastDesiredSince(rollout.key, since);
  const index = numberAt(rollout.rollout, 'status', 'currentStepIndex') ?? 0;
  const users = hash === rollout.current && [index, index + 1].some((i) => scaleStepAt(rollout.rollout, i));
  const needed = Math.max(Math.ceil(share * desired - 1e-6), special && desired > 0 ? 1 : 0);
  if (users || sizeOf(change.after) >= needed) return undefined;
  return violation(
    3,
    scene,
    `${writer(change)} scaled version ${hash} from ${sizeOf(change.before)} to ${sizeOf(change.after)} pods while ` +
      `it gets ${percent(share)} of the traffic${special ? ' and a route of its own' : ''}`,
    `Rollout ${rollout.key}`,
    `ReplicaSet ${change.key}`,
  );
}

function tooEarly(change: Change, rollout: RolloutScene, past: Past, scene: Scene): Violation | undefined {
  const hash = hashOf(change.before) ?? '';
  const object = rollout.rollout;
  if (sizeOf(change.after) > 0 || rollout.desired === 0 || hash === rollout.stable) return undefined;
  const mark = markOf(change.before);
  if (mark !== undefined && mark === past.marks.get(hash)) return undefined;
  const say = (since: number, delay: number, why: string): Violation | undefined =>
    past.specAt > since || scene.now - since >= delay - WHOLE_SECOND_MS
      ? undefined
      : violation(
          3,
          scene,
          `${writer(change)} scaled ${why} ${hash} down after ${seconds(scene.now - since)}; its delay is ${seconds(delay)}`,
          `Rollout ${rollout.key}`,
          `ReplicaSet ${change.key}`,
        );
  if (past.abortedAt !== undefined && hash === rollout.current)
    return scaleStepAt(object, 0)
      ? undefined
      : say(past.abortedAt, abortDelayOf(object), 'the aborted version');
  if (hash === rollout.current || !past.wasStable.has(hash)) return undefined;
  if (strategyFields(object)['scaleDownDelayRevisionLimit'] !== undefined) return undefined;
  return say(past.letGoAt.get(hash) ?? scene.now, scaleDownDelayOf(object), 'the old stable version');
}
