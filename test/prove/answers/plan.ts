/**
 * Looked at: each rehearsal by itself, rehearsed twice; and where nobody and nothing comes between from a Rollout at rest
 * to its end, what really happened against what was foreseen.
 */

import type { RolloutStatus } from '../../../src/api/rollout.ts';
import { deepEqual, type Json } from '../../../src/lang/json.ts';
import type { Foresight } from '../../../src/plan/rehearsal/foresee.ts';
import { rehearse, type Start } from '../../../src/plan/rehearsal/rehearse.ts';
import { RehearsalWorld } from '../../../src/plan/rehearsal/world.ts';
import { countsOf, hashOf, type ReplicaSet } from '../../../src/plan/rollout/replica-set.ts';
import { tagOf } from '../manifests.ts';
import type { Change, Happening, Rehearsed, Rule } from '../rules/types.ts';
import { seconds, violation, watching } from '../rules/watching.ts';

export const PLAN = 29;

export const plan: Rule = {
  number: PLAN,
  sentence:
    'A rehearsal ends, is the same twice, and keeps to what can be; where nothing comes between, the Rollout then does ' +
    'what was rehearsed.',
  threads: [],
  needs: ['rehearsed'],
  start: watching((checked) => {
    let expected: Expected | undefined;
    return {
      see(happening, scene) {
        if (happening.what === 'rehearsed') {
          checked();
          const text = wrong(happening);
          expected = text === undefined ? expectedOf(happening) : undefined;
          return text === undefined ? undefined : violation(PLAN, scene, text, `Rollout ${happening.key}`);
        }
        if (expected === undefined) return undefined;
        if (expected.isDisturbedBy(happening)) {
          expected = undefined;
          return undefined;
        }
        const text = happening.what === 'change' ? expected.see(happening) : undefined;
        if (!expected.isOver) return undefined;
        const { key } = expected;
        expected = undefined;
        checked();
        return text === undefined ? undefined : violation(PLAN, scene, text, `Rollout ${key}`);
      },
    };
  }),
};

/** As the sandbox's pods do. */
export function readyAfterMs(rs: ReplicaSet): number {
  const tag = tagOf(rs as never);
  if (tag.startsWith('bad')) return Infinity;
  const { metadata } = rs.spec.template as { metadata?: { annotations?: Readonly<Record<string, string>> } };
  const delay = metadata?.annotations?.['sandbox.sluice.dev/start-delay-ms'];
  const natural = tag.startsWith('slow') ? 6_000 : 1_500;
  return (delay === undefined ? natural : Number(delay)) + (rs.spec.minReadySeconds ?? 0) * 1_000;
}

// ---- by itself

function wrong({ snapshot, foresight }: Rehearsed): string | undefined {
  if (typeof foresight === 'string') return `it could not be rehearsed: ${foresight}`;
  const { rehearsal, times, refusal } = foresight;
  if (refusal !== undefined)
    return rehearsal.moments.length > 0 ? `it is refused and goes on: ${refusal}` : undefined;
  // The trials of what an abort would do cost the most, and are the same in small.
  const again = rehearse(new RehearsalWorld(snapshot as Start, { readyAfterMs }), { promotes: true });
  if (!deepEqual(again as unknown as Json, rehearsal as unknown as Json))
    return 'rehearsed again it comes out otherwise';
  if (rehearsal.ending === 'endless') return 'it has no end';
  let before = 0;
  for (const { at, versions, phase, weight = 0 } of rehearsal.moments) {
    if (!(at >= before)) return `a moment at ${seconds(at)} comes after one at ${seconds(before)}`;
    before = at;
    if (!(weight >= 0)) return `the weight is ${weight} after ${seconds(at)}`;
    if (phase === '') return `it has no phase after ${seconds(at)}`;
    const odd = versions.find(({ available, size }) => !(available >= 0 && available <= size));
    if (odd !== undefined) return `${odd.name} has ${odd.available} of ${odd.size} pods after ${seconds(at)}`;
  }
  const { finish, longest, abort } = times;
  if (finish !== undefined && longest !== undefined && finish > longest)
    return `it is finished after ${seconds(finish)}, and after ${seconds(longest)} at the longest`;
  const { safe = Infinity, done } = abort ?? { safe: 0, done: 0 };
  if (hasStablePods(snapshot) && !(safe <= done))
    return `an abort is safe after ${seconds(safe)}, and done after ${seconds(done)}`;
  return undefined;
}

/** A stable version without pods, or one that is about to lose them, takes no traffic back. */
function hasStablePods({ rollout, replicaSets }: Rehearsed['snapshot']): boolean {
  if (rollout?.spec.replicas === 0) return false;
  const stable = replicaSets.find((rs) => hashOf(rs) === rollout?.status?.stableRS);
  return stable !== undefined && countsOf(stable).available > 0;
}

// ---- against what happens

/** Instants are whole seconds in a status, and each step may begin at the next of them. */
const toleranceMs = (steps: number): number => 3_000 + 1_000 * steps;

function expectedOf({ at, key, snapshot, foresight }: Rehearsed): Expected | undefined {
  if (typeof foresight === 'string') return undefined;
  const { kind, rehearsal, times } = foresight;
  const { phase, currentPodHash, stableRS } = snapshot.rollout?.status ?? {};
  const wasAtRest = phase === 'Healthy' && currentPodHash === stableRS;
  if (!wasAtRest || (kind !== 'update' && kind !== 'rollback')) return undefined;
  if (rehearsal.ending !== 'settled' || rehearsal.promotions > 0 || times.finish === undefined)
    return undefined;
  // What other routers were given stands in no Ingress.
  const shows = snapshot.rollout?.spec.strategy?.canary?.trafficRouting?.nginx !== undefined;
  return new Expected(key, at, foresight, times.finish, shows);
}

class Expected {
  readonly key: string;
  isOver = false;
  readonly #at: number;
  readonly #foresight: Foresight;
  readonly #finish: number;
  readonly #showsWeights: boolean;
  readonly #steps: number[] = [];
  readonly #weights: number[] = [];
  /** The edit that was rehearsed has been made. */
  #isMade = false;
  /** A router had a weight to confirm, and how long that takes nobody can foresee. */
  #isConfirmed = false;

  constructor(key: string, at: number, foresight: Foresight, finish: number, showsWeights: boolean) {
    this.#showsWeights = showsWeights;
    this.key = key;
    this.#at = at;
    this.#foresight = foresight;
    this.#finish = finish;
  }

  /** An accident, or a person who wants something else. The edit itself is none, and neither is who only reads. */
  isDisturbedBy(happening: Happening): boolean {
    switch (happening.what) {
      case 'fault':
      // Also one that starts: until then nobody was there.
      case 'process':
        return true;
      case 'command':
        return happening.at > this.#at;
      case 'change': {
        const { actor, at, kind, after } = happening;
        if (actor.role === 'person' || actor.role === 'hpa' || actor.role === 'meddler') return at > this.#at;
        const phase =
          kind === 'AnalysisRun' ? (after?.['status'] as { phase?: string } | undefined)?.phase : '';
        return phase === 'Failed' || phase === 'Error' || phase === 'Inconclusive';
      }
      default:
        return false;
    }
  }

  see({ actor, kind, key, after, at }: Change): string | undefined {
    if (kind === 'Ingress') {
      const weight = after?.metadata.annotations?.['nginx.ingress.kubernetes.io/canary-weight'];
      if (weight !== undefined) push(this.#weights, Number(weight));
    }
    if (kind !== 'Rollout' || key !== this.key || after === undefined) return undefined;
    if (actor.role === 'person') this.#isMade = true;
    const status = (after['status'] ?? {}) as RolloutStatus;
    if (status.observedGeneration !== String(after.metadata.generation)) return undefined;
    const { hash } = this.#foresight;
    if (status.currentPodHash !== hash) return undefined;
    if (status.canary?.weights?.verified === false) this.#isConfirmed = true;
    if (status.currentStepIndex !== undefined) push(this.#steps, status.currentStepIndex);
    if (status.phase !== 'Healthy' || status.stableRS !== hash) return undefined;
    this.isOver = true;
    // Another edit than the one that was rehearsed is none of its business.
    return !this.#isMade ? undefined : this.#compare(at - this.#at);
  }

  #compare(took: number): string | undefined {
    const { moments } = this.#foresight.rehearsal;
    const steps: number[] = [];
    const weights: number[] = [];
    for (const { step, weight } of moments) {
      if (step !== undefined) push(steps, step);
      if (weight !== undefined) push(weights, weight);
    }
    if (steps.join() !== this.#steps.join())
      return `steps ${this.#steps.join(' ')} came, and ${steps.join(' ')} were foreseen`;
    // The weight before the update stands in no change.
    const [before, ...later] = weights;
    const seen = this.#weights.join();
    if (this.#showsWeights && seen !== later.join() && seen !== weights.join())
      return `weights ${this.#weights.join(' ')} came, and ${weights.join(' ')} were foreseen, from ${before}`;
    const late = took - this.#finish;
    const tolerance = toleranceMs(steps.length);
    if (late < -tolerance || (late > tolerance && !this.#isConfirmed))
      return `it was finished after ${seconds(took)}, and ${seconds(this.#finish)} were foreseen`;
    return undefined;
  }
}

const push = <T>(list: T[], item: T): void => {
  if (list.at(-1) !== item) list.push(item);
};
