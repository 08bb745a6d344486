/** What the demo claims, and whether it was so. */

export interface Check {
  readonly step: number;
  readonly text: string;
}

/** A claim that was not true. The message says what was claimed and what was measured. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';
  readonly step: number;

  constructor(step: number, claim: string, measured: string) {
    super(`${claim}: ${measured}`);
    this.step = step;
  }
}

export class Checks {
  readonly passed: Check[] = [];
  readonly #tell: (check: Check) => void;

  constructor(tell: (check: Check) => void) {
    this.#tell = tell;
  }

  /** Records `claim` with what was measured, or throws `CheckFailed`. */
  that(step: number, holds: boolean, claim: string, measured = ''): void {
    if (!holds) throw new CheckFailed(step, claim, measured === '' ? 'it was not so' : measured);
    const check = { step, text: measured === '' ? claim : `${claim}: ${measured}` };
    this.passed.push(check);
    this.#tell(check);
  }

  count(step: number): number {
    return this.passed.filter((check) => check.step === step).length;
  }
}
