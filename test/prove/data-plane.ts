/** The data plane behind the router of the tests: what it says when it is asked whether it has a weight. */

import type { Clock } from '../../src/kube/clock.ts';
import { sleep } from '../../src/kube/clock.ts';
import type { Router } from '../../src/routers/types.ts';
import { recorder } from '../routers/recorder.ts';
import type { Confirms } from './history.ts';

/** A late one has a weight so long after it was first asked about it. */
const LATE_MS = 12_000;
const ANSWERS_IN_MS = 300;

export class DataPlane {
  readonly #clock: Clock;
  readonly #usual: Confirms | undefined;
  #now: Confirms | undefined;
  /** Since when it is asked about the weight of a Rollout. */
  readonly #asked = new Map<string, { weight: number; since: number }>();

  constructor(clock: Clock, usual: Confirms | undefined) {
    this.#clock = clock;
    this.#usual = usual;
    this.#now = usual;
  }

  answer(mode: Confirms, forMs: number): void {
    this.#now = mode;
    this.#clock.setTimer(forMs, () => this.calm());
  }

  calm(): void {
    this.#now = this.#usual;
  }

  /** Without `verify` where it never confirms anything. */
  router(): Router {
    if (this.#usual === undefined) return recorder();
    return recorder({
      verify: async ({ metadata }, { weight }) => {
        const known = this.#asked.get(metadata.name);
        const since = known?.weight === weight ? known.since : this.#clock.monotonic();
        this.#asked.set(metadata.name, { weight, since });
        await sleep(this.#clock, ANSWERS_IN_MS);
        switch (this.#now) {
          case 'never':
            return false;
          case 'late':
            return this.#clock.monotonic() - since >= LATE_MS;
          case 'error':
            throw new Error('the load balancer does not answer');
          case 'not known':
            return undefined;
          default:
            return true;
        }
      },
    });
  }
}
