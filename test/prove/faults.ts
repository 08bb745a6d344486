/** Which request or watch event goes wrong, and how: aimed at one write, or by a rate for a while. */

import type { Clock } from '../../src/kube/clock.ts';
import { seededRandom } from '../../src/sandbox/random.ts';
import type { Call } from '../../src/sandbox/index.ts';
import type { Aim, CallFault, ReadFault, Weather, WatchFault } from './history.ts';

export interface Chosen<T> {
  readonly fault: T;
  readonly lengthMs: number;
}

interface Armed {
  readonly aim: Aim;
  left: number;
}

interface Blowing {
  readonly weather: Weather;
  readonly until: number;
  readonly random: () => number;
}

const WRITES: ReadonlySet<string> = new Set(['create', 'replace', 'patch', 'delete']);
const WATCH_FAULTS: ReadonlySet<string> = new Set<WatchFault>([
  'watch-delay',
  'watch-drop',
  'watch-duplicate',
  'watch-cut',
]);
const READ_FAULTS: ReadonlySet<string> = new Set<ReadFault>(['read-error', 'stale-list']);
const SPARED: ReadonlySet<string> = new Set(['Event', 'Lease']);

export const isWrite = (verb: string): boolean => WRITES.has(verb);

const nameOf = ({ type, subresource }: Call): string =>
  subresource === undefined ? type.kind : `${type.kind}/${subresource}`;

export class FaultDesk {
  readonly #clock: Clock;
  readonly #armed: Armed[] = [];
  #blowing: Blowing[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  aim(aim: Aim): void {
    this.#armed.push({ aim, left: aim.nth });
  }

  blow(weather: Weather): void {
    this.#blowing.push({
      weather,
      until: this.#clock.monotonic() + weather.forMs,
      random: seededRandom(weather.salt),
    });
  }

  /** Nothing goes wrong any more. */
  calm(): void {
    this.#armed.length = 0;
    this.#blowing = [];
  }

  forWrite(call: Call): Chosen<CallFault> | undefined {
    const name = nameOf(call);
    for (const [index, armed] of this.#armed.entries()) {
      const { target, fault, forMs } = armed.aim;
      if (target === undefined ? SPARED.has(call.type.kind) : target !== name) continue;
      if (--armed.left > 0) continue;
      this.#armed.splice(index, 1);
      return { fault, lengthMs: forMs };
    }
    return this.#weather<CallFault>(name, (fault) => !WATCH_FAULTS.has(fault) && !READ_FAULTS.has(fault));
  }

  forRead(call: Call): Chosen<ReadFault> | undefined {
    return this.#weather<ReadFault>(
      nameOf(call),
      (fault) => fault === 'read-error' || (fault === 'stale-list' && call.verb === 'list'),
    );
  }

  forEvent(call: Call): Chosen<WatchFault> | undefined {
    return this.#weather<WatchFault>(nameOf(call), (fault) => WATCH_FAULTS.has(fault));
  }

  #weather<T extends Weather['fault']>(
    name: string,
    fits: (fault: Weather['fault']) => boolean,
  ): Chosen<T> | undefined {
    if (this.#blowing.length === 0) return undefined;
    this.#blowing = this.#blowing.filter(({ until }) => until > this.#clock.monotonic());
    for (const { weather, random } of this.#blowing) {
      if (!fits(weather.fault)) continue;
      if (weather.target === undefined ? SPARED.has(name) : weather.target !== name) continue;
      if (random() < weather.rate) return { fault: weather.fault as T, lengthMs: weather.lengthMs };
    }
    return undefined;
  }
}
