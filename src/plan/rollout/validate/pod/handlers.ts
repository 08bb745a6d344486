/** Probes and life-cycle hooks. Pure. */

import type { Field } from '../field.ts';
import { nonNegative } from '../field.ts';
import { portNameErrors, portNumberErrors } from '../names.ts';

/** Probe of a container. `liveness`: its failure ends the container (start-up probes, too); one success is enough. */
export function validateProbe(probe: Field, liveness: boolean): void {
  if (!probe.isObject()) return;
  validateHandler(probe, ['exec', 'httpGet', 'tcpSocket', 'grpc']);
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ]) {
    nonNegative(probe.child(name));
  }
  const grace = probe.child('terminationGracePeriodSeconds');
  const seconds = grace.integer();
  if (seconds !== undefined && !liveness) grace.invalid('must not be set for readinessProbes');
  else if (seconds !== undefined && seconds <= 0) grace.invalid('must be greater than 0');
  const threshold = probe.child('successThreshold');
  // Zero is filled with the default, 1.
  if (liveness && (threshold.integer() ?? 0) !== 0 && threshold.value !== 1) threshold.invalid('must be 1');
}

/** `grace`: terminationGracePeriodSeconds of the pod. */
export function validateLifecycle(lifecycle: Field, grace: number): void {
  if (!lifecycle.isObject()) return;
  for (const name of ['postStart', 'preStop']) {
    const handler = lifecycle.child(name);
    if (handler.isObject()) validateHandler(handler, ['exec', 'httpGet', 'tcpSocket', 'sleep'], grace);
  }
}

function validateHandler(handler: Field, types: readonly string[], grace = 0): void {
  const set = types.filter((type) => handler.child(type).present);
  if (set.length === 0) handler.required('must specify a handler type');
  for (const [index, type] of set.entries()) {
    const action = handler.child(type);
    if (index > 0) action.forbidden('may not specify more than 1 handler type');
    else if (action.isObject()) validateAction(type, action, grace);
  }
}

function validateAction(type: string, action: Field, grace: number): void {
  switch (type) {
    case 'exec': {
      const command = action.child('command');
      if (command.texts().length === 0) command.required();
      return;
    }
    case 'sleep': {
      const seconds = action.child('seconds').integer() ?? 0;
      if (seconds < 0 || seconds > grace) {
        action.invalid(
          `must be non-negative and less than terminationGracePeriodSeconds (${grace})`,
          seconds,
        );
      }
      return;
    }
    case 'httpGet': {
      validatePort(action.child('port'));
      const scheme = action.child('scheme');
      if (scheme.present && !['', 'HTTP', 'HTTPS'].includes(scheme.text())) {
        scheme.notSupported(['HTTP', 'HTTPS']);
      }
      return;
    }
    default:
      validatePort(action.child('port'));
  }
}

function validatePort(port: Field): void {
  if (typeof port.value === 'string') port.invalidFor(portNameErrors(port.value));
  else port.invalidFor(portNumberErrors(port.integer() ?? 0), port.value ?? 0);
}
