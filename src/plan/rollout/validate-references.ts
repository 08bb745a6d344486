/**
 * Whether the objects that a Rollout names are there and fit (spec 01 section 3.4), over what was found of them.
 * Only where all are there are their contents judged. Pure.
 */

import { invalid, type FieldError } from '../../api/field-error.ts';
import type { Rollout } from '../../api/rollout.ts';
import { isObject, type JsonObject } from '../../lang/json.ts';
import { validateIngress, validateIngressConfig } from './validate/references/ingresses.ts';
import { validateIstioConfig, validateVirtualService } from './validate/references/istio.ts';
import { validateMapping, validateVirtualRouter } from './validate/references/mesh.ts';
import {
  analysisReferences,
  get,
  ingressReferences,
  missing,
  ROUTING,
  serviceReferences,
  virtualServiceReferences,
  type Found,
  type Reference,
  type ReferencedObjects,
} from './validate/references/objects.ts';
import { validateService } from './validate/references/services.ts';
import { findTemplates, validateTemplates } from './validate/references/templates.ts';

export {
  ingressReferences,
  serviceReferences,
  templateReferences,
  virtualServiceReferences,
} from './validate/references/objects.ts';
import { namespaceOf } from './defaults.ts';
export type { Found, Reference, ReferencedObjects } from './validate/references/objects.ts';

/** Look-ups and the checks of what they found. */
interface Findings {
  missing: FieldError[];
  checks: (() => FieldError[])[];
}

/** Every error, in the order of evaluation; empty where all is well. */
export function validateReferences(rollout: Rollout, objects: ReferencedObjects): FieldError[] {
  const findings: Findings = { missing: [], checks: [] };
  lookUp(findings, objects.services, serviceReferences(rollout), 'service', (reference, service) =>
    validateService(reference, service, rollout),
  );
  if (objects.analysisTemplates !== undefined || objects.clusterAnalysisTemplates !== undefined) {
    for (const reference of analysisReferences(rollout)) {
      const found = findTemplates(reference, objects);
      if ('error' in found) findings.missing.push(found.error);
      else {
        findings.checks.push(() =>
          validateTemplates(reference, found.templates, found.clusterTemplates, rollout),
        );
      }
    }
  }
  findings.missing.push(...validateIngressConfig(rollout));
  lookUp(
    findings,
    objects.ingresses,
    ingressReferences(rollout),
    'ingress.networking.k8s.io',
    ({ name }, ingress) => validateIngress(name, ingress, rollout),
  );
  findings.missing.push(...validateIstioConfig(rollout));
  lookUp(
    findings,
    objects.virtualServices,
    virtualServiceReferences(rollout),
    'virtualservices.networking.istio.io',
    ({ name }, virtualService) => validateVirtualService(name, virtualService, rollout),
    ({ namespace, name }) => `${namespace}/${name}`,
  );
  lookUpMappings(findings, rollout, objects);
  lookUpAppMesh(findings, rollout, objects);
  return findings.missing.length > 0 ? findings.missing : findings.checks.flatMap((check) => check());
}

function lookUp<R extends Reference>(
  findings: Findings,
  found: Found | undefined,
  references: readonly R[],
  resource: string,
  check: (reference: R, object: JsonObject) => FieldError[],
  keyOf: (reference: R) => string = ({ name }) => name,
): void {
  if (found === undefined) return;
  for (const reference of references) {
    const object = get(found, keyOf(reference));
    if (object === undefined) findings.missing.push(missing(reference, resource));
    else findings.checks.push(() => check(reference, object));
  }
}

function lookUpMappings(findings: Findings, rollout: Rollout, objects: ReferencedObjects): void {
  const ambassador = rollout.spec.strategy?.canary?.trafficRouting?.ambassador;
  if (ambassador === undefined) return;
  const field = `${ROUTING}.ambassador.mappings`;
  if (ambassador.mappings.length === 0) {
    findings.missing.push(invalid(field, null, 'must provide at least one mapping'));
  }
  const references = ambassador.mappings.map((name) => ({ field, name }));
  lookUp(findings, objects.mappings, references, 'mappings.getambassador.io', ({ name }, mapping) =>
    validateMapping(name, mapping),
  );
}

function lookUpAppMesh(findings: Findings, rollout: Rollout, objects: ReferencedObjects): void {
  const appMesh = rollout.spec.strategy?.canary?.trafficRouting?.appMesh;
  if (appMesh === undefined) return;
  const field = `${ROUTING}.appMesh.virtualService`;
  const { virtualService } = appMesh;
  if (virtualService === undefined || virtualService.name === '') {
    findings.missing.push(invalid(field, null, 'must provide virtual-service'));
    return;
  }
  const reference = { field: `${field}.name`, name: virtualService.name };
  if (objects.appMeshVirtualServices === undefined) return;
  const service = get(objects.appMeshVirtualServices, virtualService.name);
  if (service === undefined) {
    findings.missing.push(missing(reference, 'virtualservices.appmesh.k8s.aws'));
    return;
  }
  const router = virtualRouterOf(service, namespaceOf(rollout));
  const found = router === undefined ? undefined : get(objects.appMeshVirtualRouters ?? {}, router);
  if (found === undefined) {
    const name = router?.slice(router.indexOf('/') + 1) ?? '';
    findings.missing.push(missing({ ...reference, name }, 'virtualrouters.appmesh.k8s.aws'));
  } else findings.checks.push(() => validateVirtualRouter(found));
}

/** `namespace/name` of the router behind an App Mesh VirtualService. */
export function virtualRouterOf(virtualService: JsonObject, namespace: string): string | undefined {
  let at: unknown = virtualService;
  for (const key of ['spec', 'provider', 'virtualRouter', 'virtualRouterRef']) {
    at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  if (!isObject(at) || typeof at['name'] !== 'string') return undefined;
  const own = at['namespace'];
  return `${typeof own === 'string' && own !== '' ? own : namespace}/${at['name']}`;
}
