/** `list`: a line for each Rollout, Experiment (spec 09 sections 5.3 and 5.4) or AnalysisRun. */

import type { KubeObject } from '../../kube/api.ts';
import { keyOf } from '../../kube/api.ts';
import { ANALYSIS_RUN, EXPERIMENT, ROLLOUT } from '../../kube/kinds.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import type { FlagSpec } from '../args/flags.ts';
import { listAll } from '../../kube/list-all.ts';
import type { Invocation, Session } from '../invocation.ts';
import { redraw } from '../live/redraw.ts';
import { Watched } from '../live/watched.ts';
import { analysisRunModel } from '../model/analysis-run.ts';
import { byRevisionThenAge, textAt } from '../model/read.ts';
import { type RolloutSummary, rolloutSummary } from '../model/rollout.ts';
import {
  analysisRunColumns,
  analysisRunTable,
  experimentColumns,
  experimentTable,
  type ListOptions,
  rolloutColumns,
  rolloutTable,
  rolloutWidths,
  type Row,
} from '../view/list.ts';
import { WATCH_FLAG } from './shared.ts';

const ALL_NAMESPACES: FlagSpec = {
  name: 'all-namespaces',
  short: 'A',
  type: 'boolean',
  help: 'of all namespaces',
};
/** Changes that come together are printed together. */
const FLUSH_MS = 500;
const REST_MS = 60_000;

const rollouts: Command = {
  name: 'rollouts',
  aliases: ['ro', 'rollout'],
  summary: 'list rollouts',
  flags: [
    ALL_NAMESPACES,
    { name: 'name', type: 'text', value: 'NAME', help: 'only the one of this name' },
    { name: 'timestamps', type: 'boolean', help: 'begin each line with the time' },
    WATCH_FLAG,
    OUTPUT_FLAG,
  ],
  examples: [
    { about: 'List the rollouts of a namespace', line: 'kubectl sluice list rollouts -n shop' },
    { about: 'List those of all namespaces', line: 'kubectl sluice list rollouts -A' },
    {
      about: 'Print a line whenever one of them changes',
      line: 'kubectl sluice list rollouts --watch --timestamps',
    },
  ],
  run: (invocation) =>
    invocation.flags.boolean('watch') ? followRollouts(invocation) : listRollouts(invocation),
};

const experiments: Command = {
  name: 'experiments',
  aliases: ['exp', 'experiment'],
  summary: 'list experiments',
  flags: [ALL_NAMESPACES, OUTPUT_FLAG],
  examples: [{ about: 'List the experiments of all namespaces', line: 'kubectl sluice list experiments -A' }],
  run: listExperiments,
};

const analysisRuns: Command = {
  name: 'analysisruns',
  aliases: ['ar', 'analysisrun'],
  summary: 'list analysis runs',
  flags: [
    ALL_NAMESPACES,
    { name: 'rollout', type: 'text', value: 'NAME', help: 'only those of this rollout' },
    OUTPUT_FLAG,
  ],
  examples: [
    { about: 'List the runs of a namespace', line: 'kubectl sluice list analysisruns -n shop' },
    { about: 'List those of one rollout', line: 'kubectl sluice list analysisruns --rollout web' },
  ],
  run: listAnalysisRuns,
};

export const list: Command = {
  name: 'list',
  summary: 'list rollouts, experiments or analysis runs',
  children: [rollouts, experiments, analysisRuns],
  examples: [{ about: 'List the rollouts of all namespaces', line: 'kubectl sluice list rollouts -A' }],
};

interface Scope {
  readonly namespace: string | undefined;
  readonly fieldSelector?: string;
}

function scopeOf({ flags }: Invocation, session: Session): Scope {
  const name = flags.text('name');
  return {
    namespace: flags.boolean('all-namespaces') ? undefined : session.namespace,
    ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
  };
}

const optionsOf = ({ flags, clock }: Invocation): ListOptions => ({
  withNamespace: flags.boolean('all-namespaces'),
  timestamp: flags.boolean('timestamps') ? clock.now() : undefined,
});

const byKey = (a: KubeObject, b: KubeObject): number => (keyOf(a.metadata) < keyOf(b.metadata) ? -1 : 1);

const rowOf = (summary: RolloutSummary): Row => ({
  namespace: summary.namespace,
  columns: rolloutColumns(summary),
});

async function listRollouts(invocation: Invocation): Promise<void> {
  const { print, style, io, signal } = invocation;
  const session = await invocation.session();
  const objects = (await listAll(session.api, ROLLOUT, { ...scopeOf(invocation, session), signal })).toSorted(
    byKey,
  );
  const summaries = objects.map((object) => rolloutSummary(object));
  if (print.format !== 'text') print.document(summaries);
  else if (summaries.length === 0) io.err('No resources found.\n');
  else print.lines(rolloutTable(summaries.map(rowOf), optionsOf(invocation), style));
}

async function followRollouts(invocation: Invocation): Promise<void> {
  const { print, style, clock, random, signal } = invocation;
  const session = await invocation.session();
  const scope = scopeOf(invocation, session);
  const { fieldSelector } = scope;
  const watched = new Watched(
    session,
    [{ type: ROLLOUT, ...(fieldSelector === undefined ? {} : { fieldSelector }) }],
    { clock, random, signal, namespace: scope.namespace },
  );
  const known = new Map<string, string>();
  let widths: readonly number[] | undefined;
  const frame = (): boolean => {
    const changed = watched
      .objects(ROLLOUT)
      .toSorted(byKey)
      .map((object) => rolloutSummary(object))
      .filter((summary) => {
        const key = keyOf(summary);
        const line = rolloutColumns(summary).join('\t');
        if (known.get(key) === line) return false;
        known.set(key, line);
        return true;
      });
    if (print.format !== 'text') {
      for (const summary of changed) print.state(summary);
    } else if (widths === undefined) {
      widths = rolloutWidths(changed.map(rowOf));
      print.lines(rolloutTable(changed.map(rowOf), optionsOf(invocation), style));
    } else if (changed.length > 0) {
      const how = { header: false, widths };
      print.lines(rolloutTable(changed.map(rowOf), optionsOf(invocation), style, how));
    }
    return true;
  };
  try {
    await watched.start();
    await redraw({
      clock,
      signal,
      leastMs: FLUSH_MS,
      mostMs: REST_MS,
      subscribe: (listener) => watched.subscribe(listener),
      frame,
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function listExperiments(invocation: Invocation): Promise<void> {
  const { print, style, io, clock, signal } = invocation;
  const session = await invocation.session();
  const scope = scopeOf(invocation, session);
  const objects = (await listAll(session.api, EXPERIMENT, { ...scope, signal })).toSorted(byKey);
  if (print.format !== 'text')
    print.document(
      objects.map((object) => ({
        name: object.metadata.name,
        namespace: object.metadata.namespace ?? '',
        status: textAt(object, 'status', 'phase'),
        message: textAt(object, 'status', 'message'),
        duration: textAt(object, 'spec', 'duration'),
        availableAt: textAt(object, 'status', 'availableAt'),
        createdAt: textAt(object, 'metadata', 'creationTimestamp'),
      })),
    );
  else if (objects.length === 0) io.err('No resources found.\n');
  else {
    const now = clock.now();
    const rows = objects.map((object) => ({
      namespace: object.metadata.namespace ?? '',
      columns: experimentColumns(object, now),
    }));
    print.lines(experimentTable(rows, { withNamespace: scope.namespace === undefined }, style));
  }
}

async function listAnalysisRuns(invocation: Invocation): Promise<void> {
  const { print, style, io, clock, signal, flags } = invocation;
  const session = await invocation.session();
  const namespace = flags.boolean('all-namespaces') ? undefined : session.namespace;
  const rollout = flags.text('rollout');
  const runs = (await listAll(session.api, ANALYSIS_RUN, { namespace, signal }))
    .filter((run) => rollout === undefined || ownerOf(run) === rollout)
    .map((run) => ({
      ...analysisRunModel(run),
      namespace: run.metadata.namespace ?? '',
      owner: ownerOf(run),
    }))
    .toSorted(
      (a, b) => compare(a.namespace, b.namespace) || compare(a.owner, b.owner) || byRevisionThenAge(a, b),
    );
  if (print.format !== 'text') print.document(runs);
  else if (runs.length === 0) io.err('No resources found.\n');
  else {
    const now = clock.now();
    const rows = runs.map((run) => ({ namespace: run.namespace, columns: analysisRunColumns(run, now) }));
    print.lines(analysisRunTable(rows, { withNamespace: namespace === undefined }, style));
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const ownerOf = (run: KubeObject): string => run.metadata.ownerReferences?.[0]?.name ?? '';
