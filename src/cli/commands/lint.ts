/** `lint`: checks manifests without a cluster: Rollouts (spec 09 section 5.5), and analyses that pass without evidence. */

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
import { type Finding, findingsIn, isAtLeast } from '../lint/findings.ts';
import { isTemplate } from '../lint/subject.ts';
import type { Severity } from '../lint/types.ts';
import { checkFields, type Document, nameOf, readDocuments } from '../manifests.ts';
import { textAt } from '../model/read.ts';
import { findingLines } from '../view/finding.ts';

export const lint: Command = {
  name: 'lint',
  summary: 'check manifests of rollouts and analyses without a cluster',
  description:
    'Checks the Rollouts of a file, and the Services, Ingresses and VirtualServices that stand beside them, as the\n' +
    'controller would; and AnalysisTemplates, ClusterAnalysisTemplates and AnalysisRuns for gates that pass, or abort,\n' +
    'without evidence. What a Rollout refers to and is not in the files is not missed. docs/lint.md tells the rules; the\n' +
    'annotation lint.sluice.dev/ignore.<rule>: <reason> lets an object have its way. Prints nothing where all is well.',
  flags: [
    {
      name: 'filename',
      short: 'f',
      type: 'texts',
      value: 'FILE',
      help: 'YAML or JSON; - is standard input; may be repeated',
    },
    {
      name: 'fail-on',
      type: 'text',
      choices: ['error', 'warning', 'info', 'never'],
      help: 'the least severity that makes the exit code 1',
      default: 'error',
    },
    OUTPUT_FLAG,
  ],
  examples: [
    { about: 'Check a file', line: 'kubectl sluice lint -f rollout.yaml' },
    {
      about: 'Check what Kustomize makes, and accept no warning either',
      line: 'kubectl kustomize overlays/prod | kubectl sluice lint -f - --fail-on warning',
    },
  ],
  async run(invocation) {
    const { flags, io, print, style } = invocation;
    const paths = flags.texts('filename');
    if (paths.length === 0) throw new UsageError('there is nothing to check: give -f FILE');
    const documents: Document[] = [];
    for (const path of paths) {
      const read = await readDocuments(io, path);
      for (const { manifest } of read) if (isRead(manifest)) checkFields(manifest, path);
      documents.push(...read);
    }
    const errors = lintManifests(documents.map(({ manifest }) => manifest));
    const findings = findingsIn(documents);
    if (print.format !== 'text')
      print.document([
        ...errors.map((error) => ({
          rule: 'rollout',
          severity: 'error',
          field: error.field,
          message: bodyOf(error),
        })),
        ...findings,
      ]);
    else print.lines([...errors.map(bodyOf), ...findings.flatMap((finding) => findingLines(finding, style))]);
    const [first] = errors;
    if (first !== undefined) throw new CliError(formatFieldError(first));
    const least = (flags.text('fail-on') ?? 'error') as Severity | 'never';
    const counting =
      least === 'never'
        ? []
        : findings.filter(({ severity, ignored }) => ignored === undefined && isAtLeast(severity, least));
    if (counting.length > 0) throw new CliError(countText(counting));
  },
};

const countText = (findings: readonly Finding[]): string => {
  const count = (severity: Severity, word: string): string[] => {
    const n = findings.filter((finding) => finding.severity === severity).length;
    return n === 0 ? [] : [`${n} ${word}${n === 1 ? '' : 's'}`];
  };
  return [...count('error', 'error'), ...count('warning', 'warning'), ...count('info', 'remark')].join(', ');
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

const isRead = (m: JsonObject): boolean => isRollout(m) || isService(m) || isIngress(m) || isTemplate(m);

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
