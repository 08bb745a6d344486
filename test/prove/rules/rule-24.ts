/**
 * Looked at: how many writes, passes and requests come in a short time, and whether they end when all is at rest, but for
 * the measurements of runs that have to go on.
 */

import { isMeasurement } from './measuring.ts';
import type { Rule, Scene, Violation } from './types.ts';
import { isOurs, violation, watching } from './watching.ts';

const WINDOW_MS = 10_000;
/** More than any sequence of decisions about one object takes. */
const WRITES = 40;
const PASSES = 150;
/** Of one object: four conflicts at once and then the queue's back-off make 44. A change of it begins anew, and is counted itself. */
const FAILURES = 100;
/** Lists and watches, which have no object. */
const FAILED_LISTS = 150;
/** With its restarts of watches; the lease is not counted. */
const IDLE_REQUESTS = 40;
const IDLE_MS = 60_000;

/** Counts within a sliding window. */
class Window {
  readonly #seen = new Map<string, number[]>();

  add(id: string, now: number): number {
    const list = this.#seen.get(id) ?? [];
    this.#seen.set(id, list);
    list.push(now);
    let old = 0;
    while (list[old] !== undefined && (list[old] as number) < now - WINDOW_MS) old++;
    if (old > 0) list.splice(0, old);
    return list.length;
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }
}

export const rule24: Rule = {
  number: 24,
  sentence: 'No hot loop; requests and memory are bounded by objects, not by uptime.',
  threads: ['AR 2023', 'AR 4140', 'AR 4571', 'AR 2855'],
  needs: [],
  start: watching((checked) => {
    const window = new Window();
    const idle: number[] = [];
    /** Of these writes were the answers of backends. */
    const measured: number[] = [];
    let oursAt = -Infinity;
    let ours = '';
    let othersAt = -Infinity;
    const hot = (scene: Scene, count: number, limit: number, text: string): Violation | undefined => {
      checked();
      return count <= limit
        ? undefined
        : violation(24, scene, `${count} ${text} within ${WINDOW_MS / 1_000} s`);
    };
    return {
      see(happening, scene) {
        const { now } = scene;
        if (happening.what === 'change') {
          const { actor, kind, key } = happening;
          if (kind === 'Lease' || kind === 'Event' || kind === 'Node') return undefined;
          if (!isOurs(happening)) {
            othersAt = now;
            return undefined;
          }
          if (isMeasurement(happening, (of) => scene.get('Rollout', of))) measured.push(now);
          else {
            oursAt = now;
            ours = `${actor.name} wrote ${kind} ${key}`;
          }
          window.forget(`f ${actor.name} ${kind} ${key}`);
          return hot(
            scene,
            window.add(`w ${actor.name} ${kind} ${key}`, now),
            WRITES,
            `writes of ${kind} ${key} by ${actor.name}`,
          );
        }
        if (happening.what === 'pass' && happening.state === 'begins') {
          const { actor, controller, key } = happening;
          return hot(
            scene,
            window.add(`p ${actor.name} ${controller} ${key}`, now),
            PASSES,
            `passes of ${controller} over ${key} by ${actor.name}`,
          );
        }
        if (happening.what !== 'call' || happening.kind === 'Lease' || happening.verb === 'watch')
          return undefined;
        idle.push(now);
        while (idle[0] !== undefined && idle[0] < now - IDLE_MS) idle.shift();
        while (measured[0] !== undefined && measured[0] < now - IDLE_MS) measured.shift();
        const failed = happening.code === 0 || happening.code >= 400;
        if (!failed) return undefined;
        const { actor, kind, key, verb } = happening;
        return hot(
          scene,
          window.add(`f ${actor.name} ${kind} ${key}`, now),
          verb === 'list' ? FAILED_LISTS : FAILURES,
          `failed requests for ${kind} ${key} by ${actor.name}`,
        );
      },
      end(scene) {
        checked();
        if (scene.now - othersAt < IDLE_MS) return undefined;
        if (scene.now - oursAt < IDLE_MS) return violation(24, scene, `all is at rest, and ${ours}`);
        const recent = (times: readonly number[]): number =>
          times.filter((time) => time >= scene.now - IDLE_MS).length;
        if (recent(idle) - recent(measured) <= IDLE_REQUESTS) return undefined;
        return violation(
          24,
          scene,
          `all is at rest, and more than ${IDLE_REQUESTS} requests came in ${IDLE_MS / 1_000} s`,
        );
      },
    };
  }),
};
