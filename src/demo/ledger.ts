/** Every answer that the clients got, and what they add up to. Pure but for what is added. */

export interface Answer {
  /** Milliseconds since the epoch, on the clients' clock. */
  readonly start: number;
  readonly end: number;
  /** 0: no answer came. */
  readonly status: number;
  /** Of the version that answered; '' when nobody did. */
  readonly version: string;
}

export interface Tally {
  readonly answers: number;
  readonly failed: number;
  readonly byVersion: ReadonlyMap<string, number>;
}

export const isFailure = ({ status }: Answer): boolean => status < 200 || status > 399;

export function tally(answers: Iterable<Answer>): Tally {
  const byVersion = new Map<string, number>();
  let count = 0;
  let failed = 0;
  for (const answer of answers) {
    count += 1;
    if (isFailure(answer)) failed += 1;
    byVersion.set(answer.version, (byVersion.get(answer.version) ?? 0) + 1);
  }
  return { answers: count, failed, byVersion };
}

export class Ledger {
  readonly #answers: Answer[] = [];
  #failed = 0;

  add(answers: readonly Answer[]): void {
    for (const answer of answers) {
      this.#answers.push(answer);
      if (isFailure(answer)) this.#failed += 1;
    }
  }

  get count(): number {
    return this.#answers.length;
  }

  get failed(): number {
    return this.#failed;
  }

  /** Answers to requests that were sent and answered between the two times. */
  within(from: number, to: number): Answer[] {
    return this.#answers.filter(({ start, end }) => start >= from && end <= to);
  }

  /** Answers to requests that were sent at `from` or later. */
  since(from: number): Answer[] {
    return this.#answers.filter(({ start }) => start >= from);
  }
}
