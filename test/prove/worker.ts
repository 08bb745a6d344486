/** Plays histories in a process of its own: seeds come in as messages, outcomes go out. */

import { Session } from 'node:inspector';
import type { Outcome } from './simulate.ts';
import type { FunctionCoverage } from './coverage.ts';

export interface Order {
  readonly seeds: readonly number[];
  readonly rule: number | undefined;
}

export type Answer =
  | { readonly what: 'outcome'; readonly seed: number; readonly outcome: Outcome; readonly cpuMs: number }
  | { readonly what: 'failed'; readonly seed: number; readonly error: string }
  | { readonly what: 'idle' }
  | { readonly what: 'coverage'; readonly scripts: readonly FunctionCoverage[] };

const session = new Session();
const wantsCoverage = process.argv.includes('--coverage');

function post<T>(method: string, parameters: object = {}): T {
  let answer: unknown;
  session.post(method, parameters, (error: Error | null, result?: object) => {
    if (error !== null) throw error;
    answer = result;
  });
  return answer as T;
}

if (wantsCoverage) {
  session.connect();
  post('Profiler.enable');
  post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
}

// Only what is compiled after that is counted block by block.
const { simulate } = await import('./simulate.ts');
const { randomHistory } = await import('./generate.ts');
const { WATCHED } = await import('./registry.ts');

const send = (answer: Answer): void => void process.send?.(answer);

async function play(seed: number, rule: number | undefined): Promise<void> {
  const before = process.cpuUsage();
  try {
    const rules = WATCHED.filter(({ number }) => rule === undefined || number === rule);
    const outcome = await simulate(randomHistory(seed), { rules });
    const { user, system } = process.cpuUsage(before);
    send({ what: 'outcome', seed, outcome, cpuMs: (user + system) / 1000 });
  } catch (error) {
    send({
      what: 'failed',
      seed,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}

process.on('message', (order: Order | 'end') => {
  void (async () => {
    if (order === 'end') {
      if (wantsCoverage) {
        const { result } = post<{ result: FunctionCoverage[] }>('Profiler.takePreciseCoverage');
        // It is long: who leaves at once may leave before it has gone out.
        await new Promise((resolve) => {
          const scripts = result.filter(({ url }) => url.includes('/src/plan/'));
          process.send?.({ what: 'coverage', scripts } satisfies Answer, undefined, undefined, resolve);
        });
      }
      process.disconnect();
      return;
    }
    for (const seed of order.seeds) await play(seed, order.rule);
    send({ what: 'idle' });
  })();
});
send({ what: 'idle' });
