/** `get`: one Rollout or Experiment with all that belongs to it, once or for as long as one looks (spec 09 section 5.2). */

import type { KubeObject, ResourceType } from '../../kube/api.ts';
import { ANALYSIS_RUN, EXPERIMENT, POD, REPLICA_SET, ROLLOUT } from '../../kube/kinds.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { notFound, readNamespace, readOne } from '../gather.ts';
import { firstArg, type Invocation } from '../invocation.ts';
import { deadline } from '../live/deadline.ts';
import { redraw } from '../live/redraw.ts';
import { Screen } from '../live/screen.ts';
import { Watched } from '../live/watched.ts';
import { experimentModel } from '../model/experiment.ts';
import { type ClusterObjects, ownedIn, rolloutModel } from '../model/rollout.ts';
import { experimentLines, rolloutLines } from '../view/frame.ts';
import { printable } from '../view/style.ts';
import type { Scene } from '../view/tree.ts';
import { EXPERIMENT_ALIASES, NO_COLOR_FLAG, ROLLOUT_ALIASES, SYMBOLS_FLAG, WATCH_FLAG } from './shared.ts';

/** How a kind is shown: the value that says it all, and its lines. */
interface View<M> {
  readonly type: ResourceType;
  readonly model: (object: KubeObject, objects: ClusterObjects) => M;
  readonly lines: (model: M, scene: Scene) => string[];
}

const ROLLOUT_VIEW = { type: ROLLOUT, model: rolloutModel, lines: rolloutLines };
const EXPERIMENT_VIEW = {
  type: EXPERIMENT,
  model: (experiment: KubeObject, objects: ClusterObjects) => experimentModel(experiment, ownedIn(objects)),
  lines: experimentLines,
};

/** A person reads at most five frames a second. */
const LEAST_MS = 200;
const MOST_MS = 1000;

const FLAGS = [WATCH_FLAG, OUTPUT_FLAG, NO_COLOR_FLAG, SYMBOLS_FLAG];

const rollout: Command = {
  name: 'rollout',
  aliases: ROLLOUT_ALIASES,
  summary: 'show a rollout with its revisions, pods, experiments and analysis runs',
  takes: 'NAME',
  min: 1,
  completes: 'rollout',
  flags: [
    ...FLAGS,
    { name: 'timeout-seconds', type: 'integer', help: 'end a watch after so long; 0 is never', default: '0' },
  ],
  examples: [
    { about: 'Show a rollout', line: 'kubectl sluice get rollout web' },
    { about: 'Follow it', line: 'kubectl sluice get rollout web --watch' },
    { about: 'For a program', line: 'kubectl sluice get rollout web -o json | jq .setWeight' },
  ],
  run: (invocation) => show(invocation, ROLLOUT_VIEW),
};

const experiment: Command = {
  name: 'experiment',
  aliases: EXPERIMENT_ALIASES,
  summary: 'show an experiment with its pods and analysis runs',
  takes: 'NAME',
  min: 1,
  completes: 'experiment',
  flags: FLAGS,
  examples: [
    { about: 'Show an experiment', line: 'kubectl sluice get experiment compare' },
    { about: 'Follow it', line: 'kubectl sluice get experiment compare --watch' },
  ],
  run: (invocation) => show(invocation, EXPERIMENT_VIEW),
};

export const get: Command = {
  name: 'get',
  summary: 'show a rollout or an experiment as a tree',
  children: [rollout, experiment],
  examples: [{ about: 'Follow a rollout', line: 'kubectl sluice get rollout web --watch' }],
};

function show<M>(invocation: Invocation, view: View<M>): Promise<void> {
  return invocation.flags.boolean('watch') ? follow(invocation, view) : once(invocation, view);
}

/** What `create --watch` goes on with. */
export function followCreated(
  invocation: Invocation,
  kind: 'Rollout' | 'Experiment',
  name: string,
): Promise<void> {
  const named = { ...invocation, args: [name] };
  return kind === 'Rollout' ? follow(named, ROLLOUT_VIEW) : follow(named, EXPERIMENT_VIEW);
}

async function once<M>(invocation: Invocation, view: View<M>): Promise<void> {
  const { print, clock, style, signal } = invocation;
  const session = await invocation.session();
  const object = await readOne(session, view.type, firstArg(invocation), signal);
  const model = view.model(object, await readNamespace(invocation, session));
  if (print.format === 'text') print.lines(view.lines(model, { now: clock.now(), style }));
  else print.document(model);
}

async function follow<M>(invocation: Invocation, view: View<M>): Promise<void> {
  const { clock, random, style, io, print, flags } = invocation;
  const name = firstArg(invocation);
  const session = await invocation.session();
  await readOne(session, view.type, name, invocation.signal);
  const limit = deadline(clock, invocation.signal, (flags.number('timeout-seconds') ?? 0) * 1000);
  const { signal } = limit;
  const watched = new Watched(
    session,
    [
      { type: view.type, fieldSelector: `metadata.name=${name}` },
      { type: REPLICA_SET },
      { type: POD },
      ...(view.type === ROLLOUT ? [{ type: EXPERIMENT, optional: true }] : []),
      { type: ANALYSIS_RUN, optional: true },
    ],
    { clock, random, signal, namespace: session.namespace },
  );
  const screen = new Screen(io, print);
  const frame = (): boolean => {
    const object = watched.objects(view.type).find(({ metadata }) => metadata.name === name);
    if (object === undefined) throw notFound(session, view.type, name);
    const model = view.model(object, {
      replicaSets: watched.objects(REPLICA_SET),
      pods: watched.objects(POD),
      experiments: watched.objects(EXPERIMENT),
      analysisRuns: watched.objects(ANALYSIS_RUN),
    });
    const trouble = watched.trouble();
    screen.show(
      model,
      () => view.lines(model, { now: clock.now(), style }),
      trouble === undefined ? undefined : `This may be old, and is tried again: ${printable(trouble)}`,
    );
    return true;
  };
  try {
    await watched.start();
    await redraw({
      clock,
      signal,
      leastMs: LEAST_MS,
      mostMs: MOST_MS,
      subscribe: (listener) => watched.subscribe(listener),
      frame,
    });
  } catch (error) {
    // Ctrl-C and the time limit end a watch, they are no error.
    if (!signal.aborted) throw error;
  } finally {
    limit.end();
  }
}
