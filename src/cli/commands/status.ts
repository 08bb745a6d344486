/** `status`: waits until a rollout is through, for scripts (spec 09 section 5.1). */

import { ROLLOUT } from '../../kube/kinds.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { CliError } from '../errors.ts';
import { readOne } from '../gather.ts';
import { firstArg, type Invocation } from '../invocation.ts';
import { deadline } from '../live/deadline.ts';
import { redraw } from '../live/redraw.ts';
import { Watched } from '../live/watched.ts';
import { rolloutSummary, type RolloutSummary } from '../model/rollout.ts';
import { printable } from '../view/style.ts';

type Status = Pick<RolloutSummary, 'name' | 'namespace' | 'status' | 'message'>;

export const status: Command = {
  name: 'status',
  summary: 'wait until a rollout is Healthy or Degraded',
  description:
    'Prints the state of a rollout whenever it changes, until it is Healthy (exit code 0) or Degraded (exit code 1).\n' +
    'With --watch=false the state is printed once, and only Degraded is an error.',
  takes: 'NAME',
  min: 1,
  completes: 'rollout',
  flags: [
    {
      name: 'watch',
      short: 'w',
      type: 'boolean',
      help: 'wait until the rollout is through; --watch=false prints the state and ends',
      default: 'true',
    },
    {
      name: 'timeout',
      short: 't',
      type: 'timeout',
      help: 'give up with an error after so long; 0 is never',
      default: '0s',
    },
    OUTPUT_FLAG,
  ],
  examples: [
    { about: 'Wait in a pipeline, for ten minutes at most', line: 'kubectl sluice status web --timeout 10m' },
    { about: 'Print the state now', line: 'kubectl sluice status web --watch=false' },
  ],
  run: (invocation) => (invocation.flags.boolean('watch', true) ? wait(invocation) : once(invocation)),
};

const isOver = ({ status: phase }: Status): boolean => phase === 'Healthy' || phase === 'Degraded';

function read({ name, namespace, status: phase, message }: RolloutSummary): Status {
  return { name, namespace, status: phase, message };
}

function failIfDegraded({ status: phase, message }: Status): void {
  if (phase === 'Degraded') throw new CliError(`The rollout is in a degraded state with message: ${message}`);
}

async function once(invocation: Invocation): Promise<void> {
  const { print, signal } = invocation;
  const session = await invocation.session();
  const state = read(rolloutSummary(await readOne(session, ROLLOUT, firstArg(invocation), signal)));
  if (print.format !== 'text') print.document(state);
  else print.lines([isOver(state) ? state.status : printable(`${state.status} - ${state.message}`)]);
  failIfDegraded(state);
}

async function wait(invocation: Invocation): Promise<void> {
  const { clock, random, print, flags } = invocation;
  const name = firstArg(invocation);
  const session = await invocation.session();
  await readOne(session, ROLLOUT, name, invocation.signal);
  const limit = deadline(clock, invocation.signal, flags.number('timeout') ?? 0);
  const { signal } = limit;
  const watched = new Watched(session, [{ type: ROLLOUT, fieldSelector: `metadata.name=${name}` }], {
    clock,
    random,
    signal,
    namespace: session.namespace,
  });
  let last = '';
  const frame = (): boolean => {
    const object = watched.objects(ROLLOUT).find(({ metadata }) => metadata.name === name);
    if (object === undefined) return false;
    const state = read(rolloutSummary(object));
    const text = state.message === '' ? state.status : `${state.status} - ${state.message}`;
    if (text !== last) {
      if (print.format === 'text') print.lines([printable(text)]);
      else print.state(state);
    }
    last = text;
    return !isOver(state);
  };
  try {
    await watched.start();
    await redraw({
      clock,
      signal,
      leastMs: 0,
      mostMs: 60_000,
      subscribe: (listener) => watched.subscribe(listener),
      frame,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    limit.end();
  }
  // Read again, so that the exit code tells of the present, not of what a watch had last heard.
  const state = read(rolloutSummary(await readOne(session, ROLLOUT, name)));
  failIfDegraded(state);
  if (state.status !== 'Healthy') throw new CliError('Rollout status watch exceeded timeout');
}
