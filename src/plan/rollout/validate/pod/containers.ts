/** Containers and init containers. Pure. */

import type { Field } from '../field.ts';
import { dnsLabelErrors, idErrors, portNameErrors, portNumberErrors } from '../names.ts';
import { validateEnv, validateEnvFrom } from './env.ts';
import { validateLifecycle, validateProbe } from './handlers.ts';
import { validateResources } from './resources.ts';
import { validateVolumeMounts } from './volumes.ts';

/** What containers of one pod share. */
export interface PodContext {
  readonly volumes: ReadonlySet<string>;
  /** Collects the names of all containers. */
  readonly names: Set<string>;
  /** terminationGracePeriodSeconds. */
  readonly grace: number;
}

export function validateContainers(containers: Field, pod: PodContext): void {
  const items = containers.items();
  if (items.length === 0) {
    containers.required();
    return;
  }
  for (const container of items) {
    validateContainer(container, pod.volumes);
    claimName(container, pod.names);
    validateLifecycle(container.child('lifecycle'), pod.grace);
    validateProbe(container.child('livenessProbe'), true);
    validateProbe(container.child('readinessProbe'), false);
    validateProbe(container.child('startupProbe'), true);
  }
  validateHostPorts(items);
}

/** Two containers can't listen on one port of the node. */
function validateHostPorts(containers: readonly Field[]): void {
  const taken = new Set<string>();
  for (const port of containers.flatMap((container) => container.child('ports').items())) {
    const hostPort = port.child('hostPort');
    if (typeof hostPort.value !== 'number' || hostPort.value === 0) continue;
    const [protocol, ip] = ['protocol', 'hostIP'].map((name) => port.child(name).value ?? '');
    const key = `${protocol === '' ? 'TCP' : String(protocol)}/${String(ip)}/${hostPort.value}`;
    if (taken.has(key)) hostPort.duplicate(key);
    taken.add(key);
  }
}

export function validateInitContainers(containers: Field, pod: PodContext): void {
  for (const container of containers.items()) {
    validateContainer(container, pod.volumes);
    claimName(container, pod.names);
    const sidecar = container.child('restartPolicy').text() === 'Always';
    if (sidecar) {
      validateLifecycle(container.child('lifecycle'), pod.grace);
      validateProbe(container.child('livenessProbe'), true);
      validateProbe(container.child('readinessProbe'), false);
      validateProbe(container.child('startupProbe'), true);
      continue;
    }
    for (const name of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']) {
      if (container.child(name).present) {
        container.child(name).forbidden('may not be set for init containers without restartPolicy=Always');
      }
    }
  }
}

function claimName(container: Field, names: Set<string>): void {
  const name = container.child('name');
  const text = typeof name.value === 'string' ? name.value : '';
  if (names.has(text)) name.duplicate();
  else if (text !== '') names.add(text);
}

function validateContainer(container: Field, volumes: ReadonlySet<string>): void {
  const name = container.child('name');
  if (name.text() === '') name.required();
  else name.invalidFor(dnsLabelErrors(name.text()));
  const image = container.child('image');
  if (image.text() === '') image.required();
  const policy = container.child('terminationMessagePolicy');
  if (!['', 'File', 'FallbackToLogsOnError'].includes(policy.text())) {
    policy.notSupported(['File', 'FallbackToLogsOnError']);
  }
  validatePorts(container.child('ports'));
  validateEnv(container.child('env'));
  validateEnvFrom(container.child('envFrom'));
  validateVolumeMounts(container.child('volumeMounts'), volumes);
  const pull = container.child('imagePullPolicy');
  if (!['', 'Always', 'IfNotPresent', 'Never'].includes(pull.text())) {
    pull.notSupported(['Always', 'IfNotPresent', 'Never']);
  }
  validateResources(container.child('resources'));
  validateSecurityContext(container.child('securityContext'));
}

function validatePorts(ports: Field): void {
  const names = new Set<string>();
  for (const port of ports.items()) {
    const name = port.child('name');
    if (name.text() !== '') {
      const errors = portNameErrors(name.text());
      if (errors.length > 0) name.invalidFor(errors);
      else if (names.has(name.text())) name.duplicate();
      else names.add(name.text());
    }
    const number = port.child('containerPort');
    const value = number.integer() ?? 0;
    if (value === 0) number.required();
    else number.invalidFor(portNumberErrors(value));
    const hostPort = port.child('hostPort');
    if ((hostPort.integer() ?? 0) !== 0) hostPort.invalidFor(portNumberErrors(hostPort.value as number));
    const protocol = port.child('protocol');
    if (!['', 'SCTP', 'TCP', 'UDP'].includes(protocol.text())) {
      protocol.notSupported(['SCTP', 'TCP', 'UDP']);
    }
  }
}

/** `privileged` is left out: whether it is allowed is for the cluster to say. */
function validateSecurityContext(context: Field): void {
  if (!context.isObject()) return;
  validateIds(context, ['runAsUser', 'runAsGroup']);
}

/** Users and groups of a container or a pod. */
export function validateIds(context: Field, names: readonly string[]): void {
  for (const name of names) {
    const id = context.child(name);
    const value = id.integer();
    if (value !== undefined) id.invalidFor(idErrors(value));
  }
}
