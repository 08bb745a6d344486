/** Ingresses of nginx and ALB (spec 01 section 3.4). Pure. */

import { internal, invalid, type FieldError } from '../../../../api/field-error.ts';
import type { Rollout } from '../../../../api/rollout.ts';
import type { JsonObject } from '../../../../lang/json.ts';
import { Field } from '../field.ts';
import { ingressReferences, nginxReferences, ROUTING } from './objects.ts';
import { canaryOf, routingOf } from '../../defaults.ts';

/** Exactly one of the singular and the plural field. */
export function validateIngressConfig(rollout: Rollout): FieldError[] {
  const { alb, nginx } = routingOf(canaryOf(rollout));
  return [
    ...(nginx === undefined
      ? []
      : exactlyOne('nginx', 'StableIngress', nginx.stableIngress, nginx.stableIngresses)),
    ...(alb === undefined ? [] : exactlyOne('alb', 'Ingress', alb.ingress, alb.ingresses)),
  ];
}

function exactlyOne(
  router: string,
  name: string,
  single: string | undefined,
  several: readonly string[] | undefined,
): FieldError[] {
  const one = (single ?? '') !== '';
  const many = several !== undefined && several.length > 0;
  if (one !== many) return [];
  const which = one ? 'Both' : 'Neither';
  return [
    internal(
      `${ROUTING}.${router}`,
      `Either ${name} or ${name}es must be configured. ${which} are configured.`,
    ),
  ];
}

/** An Ingress that the Rollout names must have a path to the service whose traffic is shared out. */
export function validateIngress(name: string, ingress: JsonObject, rollout: Rollout): FieldError[] {
  const canary = canaryOf(rollout);
  const { alb, nginx } = routingOf(canary);
  const references = nginx === undefined ? ingressReferences(rollout) : nginxReferences(nginx);
  const reference = references.find((candidate) => candidate.name === name);
  if (reference === undefined) return [];
  const root = nginx === undefined ? (alb?.rootService ?? '') : '';
  const service = root === '' ? (canary.stableService ?? '') : root;
  if (hasBackend(ingress, service)) return [];
  return [
    invalid(reference.field, name, `ingress \`${name}\` has no rules using service ${service} backend`),
  ];
}

/** Of networking.k8s.io/v1, or of the old extensions/v1beta1. `defaultBackend` does not count. */
function hasBackend(ingress: JsonObject, service: string): boolean {
  return new Field(ingress, '', [])
    .child('spec')
    .child('rules')
    .items()
    .flatMap((rule) => rule.child('http').child('paths').items())
    .map((path) => path.child('backend'))
    .some(
      (backend) =>
        backend.child('service').child('name').value === service ||
        backend.child('serviceName').value === service,
    );
}
