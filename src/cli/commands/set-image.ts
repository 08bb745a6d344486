/** `set image`: a GET and a PUT of the whole object (spec 09 section 4.1). */

import { isConflict, type KubeObject, type ResourceType } from '../../kube/api.ts';
import { DEPLOYMENT, ROLLOUT } from '../../kube/kinds.ts';
import { isObject, type JsonObject } from '../../lang/json.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { CliError, UsageError } from '../errors.ts';
import { type Invocation, type Session, writeOptions } from '../invocation.ts';
import { at } from '../model/read.ts';

const ATTEMPTS = 5;

const image: Command = {
  name: 'image',
  summary: 'set the image of a container, which starts an update',
  description:
    'Sets the image of a container in the pod template, which starts an update. Where the Rollout takes its template\n' +
    'from a Deployment, the Deployment is changed.',
  takes: 'NAME CONTAINER=IMAGE',
  min: 2,
  completes: 'rollout',
  flags: [OUTPUT_FLAG],
  examples: [
    { about: 'Set the image of one container', line: 'kubectl sluice set image web app=example.com/web:v2' },
    { about: 'Set the image of all of them', line: "kubectl sluice set image web '*=example.com/web:v2'" },
  ],
  async run(invocation) {
    const [name = '', change = ''] = invocation.args;
    const [container, reference, ...more] = change.split('=');
    if (!container || !reference || more.length > 0)
      throw new UsageError(
        `${JSON.stringify(change)} is no image change: write CONTAINER=IMAGE, as in app=example.com/web:v2`,
      );
    const session = await invocation.session();
    const { type, object } = await updated(invocation, session, name, container, reference);
    invocation.print.result(`${type.kind.toLowerCase()} "${object.metadata.name}" image updated`, object);
  },
};

export const set: Command = {
  name: 'set',
  summary: 'change fields of a rollout',
  children: [image],
  examples: [{ about: 'Set an image', line: 'kubectl sluice set image web app=example.com/web:v2' }],
};

/** Somebody else may write in between: then it is read again. */
async function updated(
  invocation: Invocation,
  session: Session,
  name: string,
  container: string,
  reference: string,
): Promise<{ type: ResourceType; object: KubeObject }> {
  for (let attempt = 1; ; attempt += 1) {
    const { type, object } = await target(invocation, session, name);
    try {
      const body = withImage(object, container, reference);
      return { type, object: await session.api.replace(type, body, writeOptions(invocation)) };
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The object that holds the pod template. */
async function target(
  { signal }: Invocation,
  { api, namespace }: Session,
  name: string,
): Promise<{ type: ResourceType; object: KubeObject }> {
  const rollout = await api.get(ROLLOUT, { namespace, name }, { signal });
  const workloadRef = at(rollout, 'spec', 'workloadRef') ?? null;
  if (workloadRef === null) return { type: ROLLOUT, object: rollout };
  const workload = at(workloadRef, 'name');
  if (typeof workload !== 'string')
    throw new CliError(
      `spec.workloadRef.name is not a string: ${JSON.stringify(workload) ?? 'it is missing'}`,
    );
  return { type: DEPLOYMENT, object: await api.get(DEPLOYMENT, { namespace, name: workload }, { signal }) };
}

/** A copy with the new image. Throws `CliError` where no container has the name. Pure. */
export function withImage(object: KubeObject, container: string, reference: string): KubeObject {
  const copy = structuredClone(object);
  const spec = at(copy, 'spec', 'template', 'spec');
  let found = false;
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    const items = at(spec, list);
    if (!Array.isArray(items)) continue;
    for (const item of items as unknown[]) {
      if (!isObject(item) || (container !== '*' && item['name'] !== container)) continue;
      (item as JsonObject)['image'] = reference;
      found = true;
    }
  }
  if (!found) throw new CliError(`unable to find container named ${JSON.stringify(container)}`);
  return copy;
}
