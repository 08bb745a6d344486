/** `plan`: what a Rollout would do, rehearsed with the functions that decide about the real one. */

import type { JsonObject } from '../../lang/json.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { CliError, UsageError } from '../errors.ts';
import { type Course, courseOf } from '../foresight/course.ts';
import { problemsOf } from '../foresight/problems.ts';
import type { Source } from '../foresight/source.ts';
import type { Invocation } from '../invocation.ts';
import { readManifests } from '../manifests.ts';
import { courseModel, type CourseModel } from '../model/foresight.ts';
import { textAt } from '../model/read.ts';
import { courseLines } from '../view/foresight.ts';
import { printable } from '../view/style.ts';
import { NO_COLOR_FLAG } from './shared.ts';

const DEFAULT_POD_READY_MS = 10_000;

export const plan: Command = {
  name: 'plan',
  summary: 'rehearse a rollout: steps, pods, weights, gates and times, before anything is applied',
  description:
    'Rehearses the Rollouts of a file with the functions of the controller, on a clock that runs ahead: which step\n' +
    'comes when, with how many pods and which weights, what the gates ask, how long all takes at best and at the\n' +
    'longest, how fast an abort is, and every field that is wrong or unknown. Reads only.\n' +
    'Without a cluster it shows a first deploy and the update that follows it; Services, Ingresses and\n' +
    'AnalysisTemplates are taken from the same file. With --against live it starts from what the cluster has, and\n' +
    'shows what applying the file would do now. The exit code is 1 where a field is wrong or nothing could be done.',
  flags: [
    { name: 'filename', short: 'f', type: 'text', value: 'FILE', help: 'YAML or JSON; - is standard input' },
    {
      name: 'against',
      type: 'text',
      value: 'live',
      choices: ['live'],
      help: 'start from the cluster instead of from nothing',
    },
    {
      name: 'pod-ready',
      type: 'duration',
      help: 'how long a pod takes to get ready, minReadySeconds not counted',
      default: '10s',
    },
    OUTPUT_FLAG,
    NO_COLOR_FLAG,
  ],
  examples: [
    { about: 'Look before the first apply', line: 'kubectl sluice plan -f rollout.yaml' },
    { about: 'What would this apply do now', line: 'kubectl sluice plan -f rollout.yaml --against live' },
    {
      about: 'Longest time to finish, for a pipeline',
      line: "kubectl sluice plan -f rollout.yaml -o json | jq '.parts[-1].times.longestSeconds'",
    },
  ],
  async run(invocation) {
    const { flags, io, print, style } = invocation;
    const path = flags.text('filename');
    if (path === undefined) throw new UsageError('there is nothing to rehearse: give -f FILE');
    const manifests = await readManifests(io, path);
    const rollouts = manifests.filter(isRollout);
    if (rollouts.length === 0) throw new CliError('there is no Rollout among the manifests');
    const session = flags.has('against') ? await invocation.session() : undefined;
    const models: CourseModel[] = [];
    for (const manifest of rollouts) {
      const live = session?.api;
      const namespace = textAt(manifest, 'metadata', 'namespace') || session?.namespace || 'default';
      models.push(await modelOf(invocation, manifest, manifests, { namespace, live }));
    }
    const [only] = models;
    if (print.format !== 'text') print.document(models.length === 1 ? only : models);
    else print.lines(models.flatMap((model, i) => [...(i === 0 ? [] : ['']), ...courseLines(model, style)]));
    const bad = models.find(isBad);
    if (bad !== undefined)
      throw new CliError(`Rollout ${JSON.stringify(bad.name)} can't be carried out as it stands`);
  },
};

const isRollout = (manifest: JsonObject): boolean =>
  textAt(manifest, 'kind') === 'Rollout' && textAt(manifest, 'apiVersion').startsWith('argoproj.io/');

const isBad = ({ problems, parts }: CourseModel): boolean =>
  problems.length > 0 || parts.some(({ refusal }) => refusal !== undefined);

async function modelOf(
  { flags, clock, signal, io }: Invocation,
  manifest: JsonObject,
  manifests: readonly JsonObject[],
  { namespace, live }: { readonly namespace: string; readonly live: Source | undefined },
): Promise<CourseModel> {
  if (textAt(manifest, 'metadata', 'name') === '') throw new CliError('a Rollout has no metadata.name');
  const podReadyMs = flags.number('pod-ready') ?? DEFAULT_POD_READY_MS;
  const course: Course = await courseOf(manifest, manifests, {
    namespace,
    live,
    podReadyMs,
    // Instants are stored in whole seconds.
    now: Math.ceil(clock.now() / 1000) * 1000,
    signal,
    onDenied: (type, error) =>
      io.err(`Warning: ${type.plural} can't be read, and count as absent: ${printable(error.message)}\n`),
  });
  return courseModel(course, problemsOf(manifest, manifests, course.snapshot), podReadyMs);
}
