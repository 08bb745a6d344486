/** Hunts mutants, each in a process of its own. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MUTANTS } from './table.ts';
import type { Mutant } from './table.ts';

const run = promisify(execFile);
const HUNT = fileURLToPath(new URL('hunt.ts', import.meta.url));

export interface Found {
  readonly mutant: Mutant;
  /** Seed of the history that broke the rule; undefined: none did. */
  readonly seed: number | undefined;
  readonly text: string;
}

/** `within` where it is given, and what the mutant promises otherwise. */
export async function hunt(mutant: Mutant, first = 1, within = mutant.within): Promise<Found> {
  const number = MUTANTS.indexOf(mutant);
  const args = [HUNT, String(number), String(first), String(within)];
  const env = { ...process.env, NODE_NO_WARNINGS: '1' };
  try {
    const { stdout } = await run(process.execPath, args, { env, timeout: 60_000 + within * 5_000 });
    const { seed, text } = JSON.parse(stdout) as { seed: number | null; text: string | null };
    return { mutant, seed: seed ?? undefined, text: text ?? `not found within ${within} histories` };
  } catch (error) {
    // A wrong edit, or a defect that keeps the simulator from coming to an end.
    return {
      mutant,
      seed: undefined,
      text: error instanceof Error ? error.message.slice(0, 500) : String(error),
    };
  }
}

/** Hunts all of them, so many at a time; `told` hears of each as it is done. */
export async function huntAll(
  mutants: readonly Mutant[],
  workers: number,
  told: (found: Found) => void,
): Promise<Found[]> {
  const found: Found[] = [];
  const queue = [...mutants];
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const result = await hunt(mutant);
      found.push(result);
      told(result);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, workers) }, work));
  return found;
}
