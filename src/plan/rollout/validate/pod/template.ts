/**
 * What an API server would say about the pod template of a ReplicaSet (spec 01 section 3.1, rule 6): judged here, so
 * that a bad template is one clear condition on the Rollout and not a ReplicaSet that can never be made. Pure.
 *
 * Rules that need defaults treat an absent field as its default; nothing is filled in.
 */

import type { FieldError } from '../../../../api/field-error.ts';
import type { JsonObject } from '../../../../lang/json.ts';
import { matchesSelector, type Selector } from '../../../../lang/selector.ts';
import { labelKeyErrors } from '../../../../lang/label-syntax.ts';
import { Field } from '../field.ts';
import { validateAnnotations, validateLabels } from '../labels.ts';
import { dnsLabelErrors, idErrors, objectNameErrors } from '../names.ts';
import { validateContainers, validateIds, validateInitContainers, type PodContext } from './containers.ts';
import { validateAffinity, validateTolerations, validateTopologySpread } from './scheduling.ts';
import { validateVolumes } from './volumes.ts';

const DEFAULT_GRACE_SECONDS = 30;

/** Errors about `template` at `path`, in the order in which an API server gives them. */
export function validatePodTemplate(
  template: JsonObject | undefined,
  selector: Selector,
  path: string,
): FieldError[] {
  const root = new Field(template ?? {}, path, []);
  const metadata = root.child('metadata');
  const labels = metadata.child('labels');
  if (!matchesSelector(selector, stringsOf(labels.value))) {
    labels.invalid('`selector` does not match template `labels`', labels.value ?? null);
  }
  // Kubernetes leaves `metadata` out of these two paths.
  validateLabels(new Field(labels.value, `${path}.labels`, root.errors));
  validateAnnotations(new Field(metadata.child('annotations').value, `${path}.annotations`, root.errors));
  const spec = root.child('spec');
  validatePodSpec(spec);
  if (spec.child('ephemeralContainers').items().length > 0) {
    spec.child('ephemeralContainers').forbidden('ephemeral containers not allowed in pod template');
  }
  const restart = spec.child('restartPolicy');
  if (restart.text() !== '' && restart.text() !== 'Always') restart.notSupported(['Always']);
  if (spec.child('activeDeadlineSeconds').present) {
    spec.child('activeDeadlineSeconds').forbidden('activeDeadlineSeconds in ReplicaSet is not Supported');
  }
  return root.errors;
}

function validatePodSpec(spec: Field): void {
  spec.isObject();
  const volumes = validateVolumes(spec.child('volumes'));
  const grace = spec.child('terminationGracePeriodSeconds').integer() ?? DEFAULT_GRACE_SECONDS;
  const pod: PodContext = { volumes, names: new Set(), grace };
  validateContainers(spec.child('containers'), pod);
  validateInitContainers(spec.child('initContainers'), pod);
  const restart = spec.child('restartPolicy');
  const restarts = ['Always', 'OnFailure', 'Never'];
  if (restart.text() !== '' && !restarts.includes(restart.text())) restart.notSupported(restarts);

  const dnsPolicy = spec.child('dnsPolicy');
  const policies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
  if (dnsPolicy.text() !== '' && !policies.includes(dnsPolicy.text())) dnsPolicy.notSupported(policies);
  validateLabels(spec.child('nodeSelector'));
  const security = spec.child('securityContext');
  if (security.isObject()) {
    validateIds(security, ['runAsUser', 'runAsGroup', 'fsGroup']);
    for (const group of security.child('supplementalGroups').texts()) {
      const id = group.integer();
      if (id !== undefined) group.invalidFor(idErrors(id));
    }
  }
  validateAffinity(spec.child('affinity'));
  validateDns(spec.child('dnsConfig'), dnsPolicy.text());
  for (const gate of spec.child('readinessGates').items()) {
    const type = gate.child('conditionType');
    type.invalidFor(labelKeyErrors(type.text()), type.text());
  }
  const gates = new Set<string>();
  for (const gate of spec.child('schedulingGates').items()) {
    const name = gate.child('name').text();
    if (gates.has(name)) gate.duplicate(name);
    gates.add(name);
  }
  validateTopologySpread(spec.child('topologySpreadConstraints'));
  for (const [name, rule] of [
    ['serviceAccountName', objectNameErrors],
    ['nodeName', objectNameErrors],
    ['hostname', dnsLabelErrors],
    ['subdomain', dnsLabelErrors],
  ] as const) {
    const field = spec.child(name);
    if (field.text() !== '') field.invalidFor(rule(field.text()));
  }
  validateTolerations(spec.child('tolerations'));
  for (const name of ['priorityClassName', 'runtimeClassName']) {
    const field = spec.child(name);
    if (field.text() !== '') field.invalidFor(objectNameErrors(field.text()));
  }
  const preemption = spec.child('preemptionPolicy');
  const preemptions = ['PreemptLowerPriority', 'Never'];
  if (preemption.text() !== '' && !preemptions.includes(preemption.text())) {
    preemption.notSupported(preemptions);
  }
}

function validateDns(config: Field, policy: string): void {
  const nameservers = config.child('nameservers');
  if (policy !== 'None') return;
  if (!config.present) config.required('must provide `dnsConfig` when `dnsPolicy` is None');
  else if (nameservers.texts().length === 0) {
    nameservers.required('must provide at least one DNS nameserver when `dnsPolicy` is None');
  }
}

function stringsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([, text]) => typeof text === 'string'));
}
