/** `create`: objects of our kinds from files, and analysis runs from templates (spec 09 sections 4.3 and 4.4). */

import { decode, formatIssues } from '../../api/decode.ts';
import { analysisTemplateSchema } from '../../api/analysis.ts';
import type { KubeObject, ResourceType } from '../../kube/api.ts';
import {
  ANALYSIS_RUN,
  ANALYSIS_TEMPLATE,
  CLUSTER_ANALYSIS_TEMPLATE,
  EXPERIMENT,
  ROLLOUT,
} from '../../kube/kinds.ts';
import { isObject, type JsonObject } from '../../lang/json.ts';
import { AnalysisBuildError, mergeArgs } from '../../plan/analysis/build.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { CliError, UsageError } from '../errors.ts';
import { type Invocation, type Session, writeOptions } from '../invocation.ts';
import { checkFields, labelOf, readManifests } from '../manifests.ts';
import { textAt } from '../model/read.ts';
import { followCreated } from './get.ts';
import { ANALYSIS_RUN_ALIASES, NO_COLOR_FLAG, readArgument, SYMBOLS_FLAG, WATCH_FLAG } from './shared.ts';

const GROUP = 'argoproj.io';
const KINDS: ReadonlyMap<string, ResourceType> = new Map(
  [ROLLOUT, EXPERIMENT, ANALYSIS_TEMPLATE, CLUSTER_ANALYSIS_TEMPLATE, ANALYSIS_RUN].map((type) => [
    type.kind,
    type,
  ]),
);
const INSTANCE_ID = 'argo-rollouts.argoproj.io/controller-instance-id';

const analysisRun: Command = {
  name: 'analysisrun',
  aliases: ANALYSIS_RUN_ALIASES,
  summary: 'start an analysis run from an AnalysisTemplate',
  flags: [
    { name: 'from', type: 'text', value: 'NAME', help: 'template in the cluster' },
    { name: 'from-file', type: 'text', value: 'FILE', help: 'template in a file; - is standard input' },
    { name: 'global', type: 'boolean', help: 'the template is a ClusterAnalysisTemplate' },
    { name: 'name', type: 'text', value: 'NAME', help: 'name of the run' },
    {
      name: 'generate-name',
      type: 'text',
      value: 'PREFIX',
      help: 'beginning of its name; the template and - when absent',
    },
    {
      name: 'instance-id',
      type: 'text',
      value: 'ID',
      help: 'instance id of the controller that shall run it',
    },
    {
      name: 'argument',
      short: 'a',
      type: 'texts',
      value: 'NAME=VALUE',
      help: 'argument of the template; may be repeated',
    },
    OUTPUT_FLAG,
  ],
  examples: [
    {
      about: 'Run a template of the cluster',
      line: 'kubectl sluice create analysisrun --from success-rate -a service=web',
    },
    {
      about: 'Run one of a file',
      line: 'kubectl sluice create analysisrun --from-file template.yaml --name trial',
    },
  ],
  run: createRun,
};

export const create: Command = {
  name: 'create',
  summary: 'create rollouts, experiments, templates and analysis runs',
  description:
    'Creates objects of the group argoproj.io from files, one document in each. Fields that a kind does not have are\n' +
    'errors.',
  children: [analysisRun],
  flags: [
    { name: 'filename', short: 'f', type: 'texts', value: 'FILE', help: 'YAML or JSON; may be repeated' },
    WATCH_FLAG,
    OUTPUT_FLAG,
    NO_COLOR_FLAG,
    SYMBOLS_FLAG,
  ],
  examples: [
    { about: 'Create a rollout', line: 'kubectl sluice create -f rollout.yaml' },
    { about: 'Create an experiment and follow it', line: 'kubectl sluice create -f experiment.yaml --watch' },
  ],
  run: createFromFiles,
};

async function createFromFiles(invocation: Invocation): Promise<void> {
  const { flags, io, print } = invocation;
  const paths = flags.texts('filename');
  if (paths.length === 0) throw new UsageError('there is nothing to create: give -f FILE');
  const watch = flags.boolean('watch');
  if (watch && paths.length > 1) throw new CliError('Cannot watch multiple resources');
  const session = await invocation.session();
  for (const path of paths) {
    const [manifest, ...more] = await readManifests(io, path);
    if (manifest === undefined) throw new CliError(`${labelOf(path)} is empty`);
    if (more.length > 0)
      throw new CliError(
        `${labelOf(path)} has ${more.length + 1} documents: put each into a file of its own`,
      );
    const type = typeOf(manifest);
    if (watch && type !== ROLLOUT && type !== EXPERIMENT)
      throw new CliError('Can only watch resources of type Rollout or Experiment');
    checkFields(manifest, path);
    const object = await post(invocation, session, type, manifest);
    if (!watch || print.format === 'text') print.result(createdText(type, object), object);
    if (watch) {
      const namespace = object.metadata.namespace ?? session.namespace;
      const there = { ...invocation, session: () => Promise.resolve({ ...session, namespace }) };
      await followCreated(there, type === ROLLOUT ? 'Rollout' : 'Experiment', object.metadata.name);
    }
  }
}

function typeOf(manifest: JsonObject): ResourceType {
  const apiVersion = textAt(manifest, 'apiVersion');
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const kind = textAt(manifest, 'kind');
  const type = group === GROUP ? KINDS.get(kind) : undefined;
  if (type === undefined) throw new CliError(`creates of ${group}/${kind} unsupported`);
  return type;
}

const createdText = (type: ResourceType, object: KubeObject): string =>
  `${type.kind.toLowerCase()}.${GROUP}/${object.metadata.name} created`;

function post(
  invocation: Invocation,
  { api, namespace }: Session,
  type: ResourceType,
  manifest: JsonObject,
): Promise<KubeObject> {
  const metadata = isObject(manifest['metadata']) ? manifest['metadata'] : {};
  const own = textAt(metadata, 'namespace');
  const placed = type.namespaced ? { ...metadata, namespace: own === '' ? namespace : own } : metadata;
  return api.create(
    type,
    { ...manifest, metadata: placed } as unknown as KubeObject,
    writeOptions(invocation),
  );
}

async function createRun(invocation: Invocation): Promise<void> {
  const { flags, print } = invocation;
  const args = flags.texts('argument').map(readArgument);
  if (flags.has('from') === flags.has('from-file'))
    throw new UsageError('one of --from or --from-file must be specified');
  const session = await invocation.session();
  const template = await readTemplate(invocation, session);
  const run = runFrom(template, {
    args,
    name: flags.text('name') ?? '',
    generateName: flags.text('generate-name') ?? '',
    instanceId: flags.text('instance-id') ?? '',
    namespace: session.namespace,
  });
  const object = await session.api.create(
    ANALYSIS_RUN,
    run as unknown as KubeObject,
    writeOptions(invocation),
  );
  print.result(createdText(ANALYSIS_RUN, object), object);
}

async function readTemplate({ flags, io, signal }: Invocation, session: Session): Promise<JsonObject> {
  const path = flags.text('from-file');
  const isGlobal = flags.boolean('global');
  if (path === undefined) {
    const type = isGlobal ? CLUSTER_ANALYSIS_TEMPLATE : ANALYSIS_TEMPLATE;
    const name = flags.text('from') ?? '';
    const ref = isGlobal ? { name } : { namespace: session.namespace, name };
    return (await session.api.get(type, ref, { signal })) as unknown as JsonObject;
  }
  const [manifest, ...more] = await readManifests(io, path);
  const kind = textAt(manifest, 'kind');
  if (manifest === undefined || more.length > 0 || !/^(Cluster)?AnalysisTemplate$/.test(kind))
    throw new CliError(`${labelOf(path)} must hold one AnalysisTemplate or ClusterAnalysisTemplate`);
  checkFields(manifest, path);
  return manifest;
}

export interface RunOptions {
  readonly args: readonly { name: string; value: string }[];
  readonly name: string;
  readonly generateName: string;
  readonly instanceId: string;
  readonly namespace: string;
}

/** The template as a run: what else it has in its metadata goes along. Throws `CliError`. Pure. */
export function runFrom(template: JsonObject, options: RunOptions): JsonObject {
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  const { name, resourceVersion: _, ...rest } = metadata;
  const generateName =
    options.generateName === '' ? `${typeof name === 'string' ? name : ''}-` : options.generateName;
  if (options.name === '' && generateName === '-') throw new CliError('name is invalid');
  const named = { metadata: { name: 'template', ...metadata } };
  const read = decode(analysisTemplateSchema, { ...template, ...named });
  if (!read.ok) throw new CliError(`the template can't be read: ${formatIssues(read.issues)}`);
  const args = merged(read.value.spec.args ?? [], options.args);
  return {
    ...template,
    kind: 'AnalysisRun',
    metadata: {
      ...rest,
      ...(options.name === '' ? {} : { name: options.name }),
      generateName,
      namespace: options.namespace,
      ...(options.instanceId === '' ? {} : { labels: { [INSTANCE_ID]: options.instanceId } }),
    },
    spec: {
      ...(isObject(template['spec']) ? template['spec'] : {}),
      ...(args.length === 0 ? {} : { args: args as unknown as JsonObject[] }),
    },
  };
}

function merged(...[declared, given]: Parameters<typeof mergeArgs>): ReturnType<typeof mergeArgs> {
  try {
    return mergeArgs(declared, given);
  } catch (error) {
    if (error instanceof AnalysisBuildError)
      throw new CliError(error.message, 'give it a value with -a NAME=VALUE');
    throw error;
  }
}
