/** Plays histories in a process of its own: seeds and names come in as messages, outcomes go out. */

import { Session } from 'node:inspector';
import type { Outcome } from './simulate.ts';
import type { FunctionCoverage } from './coverage.ts';
import type { Named } from './named.ts';

/** A history: the seed of a random one, or a name. */
export type Which = number | string;

export interface Order {
  readonly histories: readonly Which[];
  readonly rule: number | undefined;
}

export type Answer =
  | {
      readonly what: 'outcome';
      readonly which: Which;
      readonly outcome: Outcome;
      readonly cpuMs: number;
      /** What should hold of a named one beside the rules, and does not. */
      readonly wrong?: string | undefined;
    }
  | { readonly what: 'failed'; readonly which: Which; readonly error: string }
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
const { NAMED, playNamed } = await import('./named.ts');

// Whoever asked is gone, and nobody wants the rest.
process.on('disconnect', () => process.exit());

const send = (answer: Answer): void => void process.send?.(answer);

async function play(which: Which, rule: number | undefined): Promise<void> {
  const before = process.cpuUsage();
  try {
    const rules = WATCHED.filter(({ number }) => rule === undefined || number === rule);
    const { outcome, wrong } =
      typeof which === 'number'
        ? { outcome: await simulate(randomHistory(which), { rules }) }
        : await playNamed(named(which), rules);
    const { user, system } = process.cpuUsage(before);
    send({ what: 'outcome', which, outcome, wrong, cpuMs: (user + system) / 1000 });
  } catch (error) {
    send({
      what: 'failed',
      which,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}

function named(name: string): Named {
  const found = NAMED.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no history has the name ${name}`);
  return found;
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
    for (const which of order.histories) await play(which, order.rule);
    send({ what: 'idle' });
  })();
});
send({ what: 'idle' });
