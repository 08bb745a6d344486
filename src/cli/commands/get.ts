/** `get`: one Rollout, Experiment or AnalysisRun with all that belongs to it, once or for as long as one looks (spec 09 section 5.2). */

import type { KubeObject, ResourceType } from '../../kube/api.ts';
import { ANALYSIS_RUN, EXPERIMENT, POD, REPLICA_SET, ROLLOUT } from '../../kube/kinds.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { notFound, readNamespace, readOne } from '../gather.ts';
import { firstArg, type Invocation } from '../invocation.ts';
import { deadline } from '../live/deadline.ts';
import { redraw } from '../live/redraw.ts';
import { Screen } from '../live/screen.ts';
import { Watched, type WatchedType } from '../live/watched.ts';
import { analysisDetail } from '../model/analysis-detail.ts';
import { experimentModel } from '../model/experiment.ts';
import { type ClusterObjects, ownedIn, rolloutModel } from '../model/rollout.ts';
import { analysisRunLines } from '../view/analysis-run.ts';
import { experimentLines, rolloutLines } from '../view/frame.ts';
import { printable } from '../view/style.ts';
import type { Scene } from '../view/tree.ts';
import {
  ANALYSIS_RUN_ALIASES,
  EXPERIMENT_ALIASES,
  NO_COLOR_FLAG,
  ROLLOUT_ALIASES,
  SYMBOLS_FLAG,
  WATCH_FLAG,
} from './shared.ts';

/** How a kind is shown: the value that says it all, and its lines. */
interface View<M> {
  readonly type: ResourceType;
  /** Other types that it is made of. */
  readonly parts: readonly WatchedType[];
  readonly model: (object: KubeObject, objects: ClusterObjects) => M;
  readonly lines: (model: M, scene: Scene) => string[];
}

const PODS: readonly WatchedType[] = [{ type: REPLICA_SET }, { type: POD }];
const RUNS: readonly WatchedType[] = [{ type: ANALYSIS_RUN, optional: true }];

const ROLLOUT_VIEW = {
  type: ROLLOUT,
  parts: [...PODS, { type: EXPERIMENT, optional: true }, ...RUNS],
  model: rolloutModel,
  lines: rolloutLines,
};
const EXPERIMENT_VIEW = {
  type: EXPERIMENT,
  parts: [...PODS, ...RUNS],
  model: (experiment: KubeObject, objects: ClusterObjects) => experimentModel(experiment, ownedIn(objects)),
  lines: experimentLines,
};
const ANALYSIS_RUN_VIEW = { type: ANALYSIS_RUN, parts: [], model: analysisDetail, lines: analysisRunLines };

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

const analysisRun: Command = {
  name: 'analysisrun',
  aliases: ANALYSIS_RUN_ALIASES,
  summary: 'show an analysis run: what was measured, against which limits, and why it ended so',
  description:
    'Shows an AnalysisRun: for each metric its values as bars, how each was judged, the conditions, the counts against\n' +
    'their limits, and the last measurements with their messages and evidence.',
  takes: 'NAME',
  min: 1,
  completes: 'analysisrun',
  flags: FLAGS,
  examples: [
    { about: 'Show why a gate failed', line: 'kubectl sluice get analysisrun web-6cf78c66c5-2-1' },
    { about: 'Follow it', line: 'kubectl sluice get analysisrun web-6cf78c66c5-2-1 --watch' },
  ],
  run: (invocation) => show(invocation, ANALYSIS_RUN_VIEW),
};

export const get: Command = {
  name: 'get',
  summary: 'show a rollout, an experiment or an analysis run',
  children: [rollout, experiment, analysisRun],
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

const NOTHING_ELSE: ClusterObjects = { replicaSets: [], pods: [], experiments: [], analysisRuns: [] };

async function once<M>(invocation: Invocation, view: View<M>): Promise<void> {
  const { print, clock, style, signal } = invocation;
  const session = await invocation.session();
  const object = await readOne(session, view.type, firstArg(invocation), signal);
  const model = view.model(
    object,
    view.parts.length === 0 ? NOTHING_ELSE : await readNamespace(invocation, session),
  );
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
    [{ type: view.type, fieldSelector: `metadata.name=${name}` }, ...view.parts],
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
