/** Random choices from one seed. */

import { seededRandom } from '../../src/sandbox/random.ts';

export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** Uniform over whole numbers, both ends included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.int(0, choices.length - 1)] as T;
  }

  /** One of several, by their weights. */
  weighted<T>(choices: readonly (readonly [number, T])[]): T {
    let left = this.#random() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, choice] of choices) {
      left -= weight;
      if (left < 0) return choice;
    }
    return (choices.at(-1) as readonly [number, T])[1];
  }

  /** `{ [name]: value }` with this probability, else nothing: for fields that may be absent. */
  maybe<T>(probability: number, name: string, value: () => T): Record<string, T> {
    return this.chance(probability) ? { [name]: value() } : {};
  }

  seed(): number {
    return Math.floor(this.#random() * 2 ** 32);
  }
}
