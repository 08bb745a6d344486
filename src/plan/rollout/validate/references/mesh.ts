/** Ambassador's mappings and App Mesh's routers (spec 01 section 3.4). Pure. */

import { invalid, type FieldError } from '../../../../api/field-error.ts';
import type { JsonObject } from '../../../../lang/json.ts';
import { Field } from '../field.ts';
import { ROUTING } from './objects.ts';

/** The weight belongs to the canary mapping that is made from this one. */
export function validateMapping(name: string, mapping: JsonObject): FieldError[] {
  const weight = new Field(mapping, '', []).child('spec').child('weight').value ?? 0;
  if (weight === 0) return [];
  const detail = `Ambassador mapping "${name}" can not define weight`;
  return [invalid(`${ROUTING}.ambassador.mappings`, name, detail)];
}

const ROUTE_TYPES = ['httpRoute', 'tcpRoute', 'http2Route', 'grpcRoute'];

/** Each route must split its traffic between two targets. Paths are those of the VirtualRouter. */
export function validateVirtualRouter(router: JsonObject): FieldError[] {
  const root = new Field(router, '', []);
  const kind = root.child('kind').text();
  if (kind !== 'VirtualRouter') {
    return [invalid('kind', kind, `Expected object kind to be VirtualRouter but is ${kind}`)];
  }
  const name = root.child('metadata').child('name').text();
  const routes = root.child('spec').child('routes').items();
  if (routes.length === 0) {
    return [invalid('spec.routes', name, `No routes defined for AppMesh virtual-router ${name}`)];
  }
  const errors: FieldError[] = [];
  for (const [index, route] of routes.entries()) {
    const routeName = route.child('name').text();
    const about = `for AppMesh virtual-router ${name} and route ${routeName}`;
    const type = ROUTE_TYPES.find((candidate) => route.child(candidate).present);
    if (type === undefined) {
      errors.push(invalid(`spec.routes[${index}]`, name, `Invalid route action found ${about}`));
      continue;
    }
    const field = `spec.routes[${index}].${type}.action.weightedTargets`;
    const targets = route.child(type).child('action').child('weightedTargets').value;
    if (!Array.isArray(targets)) errors.push(invalid(field, name, `Invalid route action found ${about}`));
    else if (targets.length !== 2) {
      const detail = `Invalid number of weightedTargets (${targets.length}) ${about}, expected 2`;
      errors.push(invalid(field, name, detail));
    }
  }
  return errors;
}
