/** `lint`: checks manifests without a cluster (spec 09 section 5.5). */

import { decode } from '../../api/decode.ts';
import { type FieldError, formatFieldError } from '../../api/field-error.ts';
import { type Rollout, rolloutSchema } from '../../api/rollout.ts';
import type { JsonObject } from '../../lang/json.ts';
import { serviceReferences, virtualServiceReferences } from '../../plan/rollout/validate-references.ts';
import { validateIngress } from '../../plan/rollout/validate/references/ingresses.ts';
import { validateVirtualService } from '../../plan/rollout/validate/references/istio.ts';
import { ingressReferences } from '../../plan/rollout/validate/references/objects.ts';
import { validateService } from '../../plan/rollout/validate/references/services.ts';
import { validateRollout } from '../../plan/rollout/validate.ts';
import type { Command } from '../args/command.ts';
import { OUTPUT_FLAG } from '../args/connection.ts';
import { CliError, UsageError } from '../errors.ts';
import { checkFields, nameOf, readManifests } from '../manifests.ts';
import { textAt } from '../model/read.ts';

export const lint: Command = {
  name: 'lint',
  summary: 'check manifests of rollouts without a cluster',
  description:
    'Checks the Rollouts of a file, and the Services, Ingresses and VirtualServices that stand beside them, as the\n' +
    'controller would. What a Rollout refers to and is not in the file is not missed. Prints nothing where all is well.',
  flags: [
    { name: 'filename', short: 'f', type: 'text', value: 'FILE', help: 'YAML or JSON; - is standard input' },
    OUTPUT_FLAG,
  ],
  examples: [
    { about: 'Check a file', line: 'kubectl sluice lint -f rollout.yaml' },
    {
      about: 'Check what Kustomize makes',
      line: 'kubectl kustomize overlays/prod | kubectl sluice lint -f -',
    },
  ],
  async run(invocation) {
    const { flags, io, print } = invocation;
    const path = flags.text('filename');
    if (path === undefined) throw new UsageError('there is nothing to check: give -f FILE');
    const manifests = await readManifests(io, path);
    for (const manifest of manifests) if (isRead(manifest)) checkFields(manifest, path);
    const errors = lintManifests(manifests);
    if (print.format !== 'text')
      print.document(errors.map((error) => ({ field: error.field, message: bodyOf(error) })));
    else print.lines(errors.map(bodyOf));
    const [first] = errors;
    if (first !== undefined) throw new CliError(formatFieldError(first));
  },
};

/** The error without the path of its field. */
const bodyOf = (error: FieldError): string => formatFieldError(error).slice(error.field.length + 2);

const groupOf = (manifest: JsonObject): string => {
  const apiVersion = textAt(manifest, 'apiVersion');
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
};

const INGRESS_GROUPS = new Set(['networking.k8s.io', 'extensions']);

const isRollout = (m: JsonObject): boolean => groupOf(m) === 'argoproj.io' && textAt(m, 'kind') === 'Rollout';
const isService = (m: JsonObject): boolean => groupOf(m) === '' && textAt(m, 'kind') === 'Service';
const isIngress = (m: JsonObject): boolean =>
  INGRESS_GROUPS.has(groupOf(m)) && textAt(m, 'kind') === 'Ingress';
const isVirtualService = (m: JsonObject): boolean =>
  groupOf(m) === 'networking.istio.io' && textAt(m, 'kind') === 'VirtualService';

const isRead = (m: JsonObject): boolean => isRollout(m) || isService(m) || isIngress(m);

/** Errors of all Rollouts, in their order. Throws `CliError` for a Rollout that can't be decoded. Pure. */
export function lintManifests(manifests: readonly JsonObject[]): FieldError[] {
  return manifests.filter(isRollout).flatMap((manifest) => {
    const read = decode(rolloutSchema, manifest);
    if (!read.ok) {
      const issue = read.issues[0];
      throw new CliError(
        `error unmarshaling JSON: while decoding JSON: ${issue?.path ?? ''}: ${issue?.message ?? ''} (${nameOf(manifest)})`,
      );
    }
    return [...validateRollout(read.value), ...checkReferences(read.value, manifests)];
  });
}

function checkReferences(rollout: Rollout, manifests: readonly JsonObject[]): FieldError[] {
  const named = (is: (m: JsonObject) => boolean, name: string): JsonObject[] =>
    manifests.filter((manifest) => is(manifest) && textAt(manifest, 'metadata', 'name') === name);
  return [
    ...serviceReferences(rollout).flatMap((reference) =>
      named(isService, reference.name).flatMap((service) => validateService(reference, service, rollout)),
    ),
    ...ingressReferences(rollout).flatMap(({ name }) =>
      named(isIngress, name).flatMap((ingress) => validateIngress(name, ingress, rollout)),
    ),
    ...virtualServiceReferences(rollout).flatMap(({ name }) =>
      named(isVirtualService, name).flatMap((service) => validateVirtualService(name, service, rollout)),
    ),
  ];
}
