/** `undo`: the pod template of an earlier revision comes back (spec 09 section 4.2). */

import type { KubeObject, ResourceType } from '../../kube/api.ts';
import { DEPLOYMENT, REPLICA_SET, ROLLOUT } from '../../kube/kinds.ts';
import { isObject, type JsonObject } from '../../lang/json.ts';
import { formatSelector, selectorFrom } from '../../lang/selector.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { CliError, UsageError } from '../errors.ts';
import { firstArg, type Invocation, type Session, writeOptions } from '../invocation.ts';
import { at, HASH_LABEL, listAt, REVISION, textAt } from '../model/read.ts';
import { listAll } from '../../kube/list-all.ts';
import { isDerivative } from './derivative.ts';

const POD_TEMPLATE: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'podtemplates',
  kind: 'PodTemplate',
  namespaced: true,
};
const WORKLOADS: ReadonlyMap<string, ResourceType> = new Map(
  [DEPLOYMENT, REPLICA_SET, POD_TEMPLATE].map((type) => [type.kind, type]),
);

export const undo: Command = {
  name: 'undo',
  summary: 'go back to an earlier revision',
  description:
    'Puts the pod template of an earlier revision back into the rollout, which starts an update to it. Where manifests\n' +
    'come from Git, revert the commit instead: the next sync would undo the undo.',
  takes: 'NAME',
  min: 1,
  completes: 'rollout',
  flags: [
    {
      name: 'to-revision',
      type: 'integer',
      help: 'revision to go back to; 0 is the one before',
      default: '0',
    },
    OUTPUT_FLAG,
  ],
  examples: [
    { about: 'Go back to the revision before', line: 'kubectl sluice undo web' },
    { about: 'Go back to revision 3', line: 'kubectl sluice undo web --to-revision=3' },
  ],
  async run(invocation) {
    const { flags, io, print, signal } = invocation;
    const name = firstArg(invocation);
    const wanted = flags.number('to-revision') ?? 0;
    if (wanted < 0) throw new UsageError('--to-revision is 0 or a revision that exists');
    const session = await invocation.session();
    const rollout = await session.api.get(ROLLOUT, { namespace: session.namespace, name }, { signal });
    const template = templateOf(
      chooseRevision(await revisionsOf(invocation, session, rollout), wanted, name),
    );
    const own = at(rollout, 'spec', 'template');
    if (isObject(own) && isDerivative(withoutHash(own), template)) {
      const text = `skipped rollback (current template already matches revision ${wanted})`;
      if (print.format === 'text') io.out(text);
      else print.result(text, rollout);
      return;
    }
    const { type, ref } = target(rollout, session.namespace);
    const patch = {
      type: 'json' as const,
      body: [{ op: 'replace' as const, path: '/spec/template', value: template }],
    };
    try {
      const object = await session.api.patch(type, ref, patch, writeOptions(invocation));
      print.result(`rollout '${name}' undo`, object);
    } catch (error) {
      throw wrapped(`failed restoring revision ${wanted}`, error);
    }
  },
};

interface Revision {
  readonly number: number;
  readonly replicaSet: KubeObject;
}

async function revisionsOf(
  { signal }: Invocation,
  { api, namespace }: Session,
  rollout: KubeObject,
): Promise<Revision[]> {
  const selector = at(rollout, 'spec', 'selector');
  let replicaSets: KubeObject[];
  try {
    const labelSelector = isObject(selector) ? formatSelector(selectorFrom(selector)) : '';
    replicaSets = await listAll(api, REPLICA_SET, {
      namespace,
      signal,
      ...(labelSelector === '' ? {} : { labelSelector }),
    });
  } catch (error) {
    throw wrapped(`failed to retrieve replica sets from rollout ${rollout.metadata.name}`, error);
  }
  return replicaSets
    .filter((rs) => isControlledBy(rs, rollout))
    .flatMap((replicaSet) => {
      const text = at(replicaSet, 'metadata', 'annotations', REVISION) ?? '0';
      if (typeof text !== 'string' || !/^[+-]?\d+$/.test(text)) return [];
      return [{ number: Number(text), replicaSet }];
    });
}

const isControlledBy = (rs: KubeObject, owner: KubeObject): boolean =>
  listAt(rs, 'metadata', 'ownerReferences').some(
    (reference) => at(reference, 'controller') === true && textAt(reference, 'uid') === owner.metadata.uid,
  );

/** 0: the second highest. Throws `CliError`. Pure. */
export function chooseRevision(revisions: readonly Revision[], wanted: number, name: string): KubeObject {
  if (wanted > 0) {
    const found = revisions.find(({ number }) => number === wanted);
    if (found === undefined) throw new CliError(`unable to find specified revision ${wanted} in history`);
    return found.replicaSet;
  }
  const previous = revisions.toSorted((a, b) => b.number - a.number)[1];
  if (previous === undefined) throw new CliError(`no revision found for rollout ${JSON.stringify(name)}`);
  return previous.replicaSet;
}

function templateOf(rs: KubeObject): JsonObject {
  const template = at(rs, 'spec', 'template');
  return withoutHash(isObject(template) ? template : {});
}

function withoutHash(template: JsonObject): JsonObject {
  const metadata = template['metadata'];
  const labels = at(metadata, 'labels');
  if (!isObject(metadata) || !isObject(labels)) return template;
  const { [HASH_LABEL]: _, ...rest } = labels;
  return { ...template, metadata: { ...metadata, labels: rest } };
}

function target(
  rollout: KubeObject,
  namespace: string,
): { type: ResourceType; ref: { namespace: string; name: string } } {
  const workloadRef = at(rollout, 'spec', 'workloadRef') ?? null;
  if (workloadRef === null) return { type: ROLLOUT, ref: { namespace, name: rollout.metadata.name } };
  const kind = textAt(workloadRef, 'kind');
  const type = WORKLOADS.get(kind);
  if (type === undefined) throw new CliError(`workload of type ${kind} is not supported`);
  return { type, ref: { namespace, name: textAt(workloadRef, 'name') } };
}

/** The server's reason stays readable, and what it means for the user stays known. */
function wrapped(what: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof CliError) return error;
  return new CliError(`${what}: ${error.message}`);
}
