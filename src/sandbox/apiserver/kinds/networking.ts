/** Rules of Services, Ingresses and EndpointSlices. */

import { isIP } from 'node:net';
import { deepEqual, isObject, type Json, type JsonObject } from '../../../lang/json.ts';
import type { KubeObject } from '../../../kube/api.ts';
import { duplicate, invalid, notSupported, required, type FieldError } from '../errors.ts';
import { labelErrors } from '../metadata.ts';
import { dnsLabelErrors, dnsSubdomainErrors } from '../names.ts';
import type { KindRules, RuleContext } from '../resource.ts';
import { countGeneration, ownSpec, record } from './workloads.ts';

const list = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter((item): item is JsonObject => isObject(item)) : [];

const hasAddress = (spec: JsonObject): boolean => spec['type'] !== 'ExternalName';

function assignAddress(spec: JsonObject, context: RuleContext): void {
  if (!hasAddress(spec)) return;
  const wanted =
    typeof spec['clusterIP'] === 'string' && spec['clusterIP'] !== '' ? spec['clusterIP'] : undefined;
  const address = wanted === 'None' ? 'None' : context.allocateClusterIp(wanted);
  if (address !== undefined) {
    spec['clusterIP'] = address;
    spec['clusterIPs'] = [address];
  }
  spec['ipFamilies'] ??= ['IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
}

/** Stable for the same Service, so that a history repeats. */
function assignNodePorts(spec: JsonObject, context: RuleContext): void {
  if (spec['type'] !== 'NodePort' && spec['type'] !== 'LoadBalancer') return;
  for (const port of list(spec['ports'])) port['nodePort'] ??= 30000 + Math.floor(context.random() * 2768);
}

export const serviceRules: KindRules = {
  validateName: dnsLabelErrors,
  defaults(object) {
    if (object['status'] === undefined) object['status'] = { loadBalancer: {} };
    const spec = ownSpec(object);
    if (spec === undefined) return;
    spec['sessionAffinity'] ??= 'None';
    spec['type'] ??= 'ClusterIP';
    if (spec['sessionAffinity'] === 'ClientIP')
      spec['sessionAffinityConfig'] ??= { clientIP: { timeoutSeconds: 10800 } };
    for (const port of list(spec['ports'])) {
      port['protocol'] ??= 'TCP';
      if (port['targetPort'] === undefined || port['targetPort'] === 0 || port['targetPort'] === '') {
        port['targetPort'] = port['port'];
      }
    }
    if (hasAddress(spec)) spec['internalTrafficPolicy'] ??= 'Cluster';
    if (spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer')
      spec['externalTrafficPolicy'] ??= 'Cluster';
    if (spec['type'] === 'LoadBalancer') spec['allocateLoadBalancerNodePorts'] ??= true;
  },
  prepareCreate(object, context) {
    object['status'] = { loadBalancer: {} };
    const spec = object['spec'] as JsonObject;
    assignAddress(spec, context);
    assignNodePorts(spec, context);
  },
  prepareUpdate(object, old, context) {
    object['status'] = old['status'] as JsonObject;
    if (object['spec'] === old['spec']) return;
    const spec = object['spec'] as JsonObject;
    const before = record(old['spec']);
    // What the server allocated stays when the update leaves it out.
    for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy', 'healthCheckNodePort']) {
      if (hasAddress(spec) && spec[name] === undefined && before[name] !== undefined)
        spec[name] = before[name];
    }
    if (
      typeof spec['clusterIP'] === 'string' &&
      spec['clusterIP'] !== before['clusterIP'] &&
      deepEqual(spec['clusterIPs'], before['clusterIPs'])
    ) {
      spec['clusterIPs'] = [spec['clusterIP']];
    }
    if (!hasAddress(spec))
      for (const name of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) delete spec[name];
    else if (spec['clusterIP'] === undefined) assignAddress(spec, context);
    const ports = new Map(
      list(before['ports']).map((port) => [
        `${String(port['protocol'])}/${String(port['port'])}`,
        port['nodePort'],
      ]),
    );
    if (spec['type'] !== 'ClusterIP') {
      for (const port of list(spec['ports'])) {
        const known = ports.get(`${String(port['protocol'])}/${String(port['port'])}`);
        if (known !== undefined) port['nodePort'] ??= known;
      }
    }
    assignNodePorts(spec, context);
  },
  validate(object) {
    const spec = record(object['spec']);
    const errors: FieldError[] = [];
    const ports = list(spec['ports']);
    if (ports.length === 0 && spec['clusterIP'] !== 'None' && hasAddress(spec))
      errors.push(required('spec.ports'));
    const names = new Set<string>();
    const numbers = new Set<string>();
    ports.forEach((port, index) => {
      const at = `spec.ports[${index}]`;
      const name = port['name'];
      if (typeof name !== 'string' || name === '') {
        if (ports.length > 1) errors.push(required(`${at}.name`));
      } else {
        errors.push(...dnsLabelErrors(name).map((detail) => invalid(`${at}.name`, name, detail)));
        if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
        names.add(name);
      }
      const number = port['port'];
      if (typeof number !== 'number' || number < 1 || number > 65535) {
        errors.push(invalid(`${at}.port`, number ?? 0, 'must be between 1 and 65535, inclusive'));
      }
      if (!['TCP', 'UDP', 'SCTP'].includes(String(port['protocol']))) {
        errors.push(notSupported(`${at}.protocol`, port['protocol'], ['SCTP', 'TCP', 'UDP']));
      }
      const target = port['targetPort'];
      if (typeof target === 'number' && (target < 1 || target > 65535)) {
        errors.push(invalid(`${at}.targetPort`, target, 'must be between 1 and 65535, inclusive'));
      }
      const key = `${String(port['protocol'])}/${String(number)}`;
      if (numbers.has(key)) errors.push(duplicate(at, { protocol: port['protocol'], port: number }));
      numbers.add(key);
    });
    errors.push(...labelErrors(spec['selector'], 'spec.selector'));
    const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
    if (!types.includes(String(spec['type']))) errors.push(notSupported('spec.type', spec['type'], types));
    if (!['ClientIP', 'None'].includes(String(spec['sessionAffinity']))) {
      errors.push(notSupported('spec.sessionAffinity', spec['sessionAffinity'], ['ClientIP', 'None']));
    }
    if (spec['type'] === 'ExternalName' && typeof spec['externalName'] !== 'string')
      errors.push(required('spec.externalName'));
    return errors;
  },
  validateUpdate(object, old) {
    const [now, before] = [record(object['spec']), record(old['spec'])];
    if (!hasAddress(now) || !hasAddress(before)) return [];
    return deepEqual(now['clusterIPs'], before['clusterIPs'])
      ? []
      : [invalid('spec.clusterIPs[0]', now['clusterIPs'], 'may not change once set')];
  },
};

function backendErrors(backend: JsonObject, at: string): FieldError[] {
  const { service, resource } = backend;
  if (isObject(service) && isObject(resource)) {
    return [invalid(at, '', 'cannot set both resource and service backends')];
  }
  if (isObject(resource)) return [];
  if (!isObject(service)) return [required(at, 'resource or service backend is required')];
  const errors: FieldError[] = [];
  const { name } = service;
  if (typeof name !== 'string' || name === '') errors.push(required(`${at}.service.name`));
  else {
    errors.push(...dnsLabelErrors(name).map((detail) => invalid(`${at}.service.name`, name, detail)));
  }
  const port = record(service['port']);
  const hasName = typeof port['name'] === 'string' && port['name'] !== '';
  const hasNumber = typeof port['number'] === 'number' && port['number'] !== 0;
  if (hasName && hasNumber)
    errors.push(invalid(`${at}.service.port`, port, 'cannot set both port name & port number'));
  if (!hasName && !hasNumber) errors.push(required(`${at}.service`, 'port name or number is required'));
  return errors;
}

const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

export const ingressRules: KindRules = {
  defaults(object) {
    if (object['status'] === undefined) object['status'] = { loadBalancer: {} };
    ownSpec(object);
  },
  prepareCreate(object) {
    object['status'] = { loadBalancer: {} };
    object.metadata.generation = 1;
  },
  prepareUpdate(object, old) {
    object['status'] = old['status'] as JsonObject;
    countGeneration(object, old);
  },
  validate(object) {
    const spec = record(object['spec']);
    const errors: FieldError[] = [];
    const rules = list(spec['rules']);
    if (rules.length === 0 && !isObject(spec['defaultBackend'])) {
      errors.push(invalid('spec', undefined, 'either `defaultBackend` or `rules` must be specified'));
    }
    if (isObject(spec['defaultBackend']))
      errors.push(...backendErrors(spec['defaultBackend'], 'spec.defaultBackend'));
    rules.forEach((rule, index) => {
      const at = `spec.rules[${index}]`;
      const { host } = rule;
      if (typeof host === 'string' && isIP(host) !== 0) {
        errors.push(invalid(`${at}.host`, host, 'must be a DNS name, not an IP address'));
      } else if (typeof host === 'string' && host !== '' && !host.startsWith('*.')) {
        errors.push(...dnsSubdomainErrors(host).map((detail) => invalid(`${at}.host`, host, detail)));
      }
      if (!isObject(rule['http'])) return;
      const paths = list(rule['http']['paths']);
      if (paths.length === 0) errors.push(required(`${at}.http.paths`));
      paths.forEach((path, number) => errors.push(...pathErrors(path, `${at}.http.paths[${number}]`)));
    });
    return errors;
  },
};

function pathErrors(path: JsonObject, at: string): FieldError[] {
  const errors: FieldError[] = [];
  const type = path['pathType'];
  const text = path['path'];
  if (type === undefined) return [required(`${at}.pathType`, 'pathType must be specified')];
  if (type === 'Exact' || type === 'Prefix') {
    if (typeof text !== 'string' || !text.startsWith('/')) {
      errors.push(invalid(`${at}.path`, text ?? '', 'must be an absolute path'));
    } else {
      for (const bad of ['//', '/./', '/../', '%2f', '%2F']) {
        if (text.includes(bad)) errors.push(invalid(`${at}.path`, text, `must not contain '${bad}'`));
      }
      for (const bad of ['/..', '/.']) {
        if (text.endsWith(bad)) errors.push(invalid(`${at}.path`, text, `cannot end with '${bad}'`));
      }
    }
  } else if (type === 'ImplementationSpecific') {
    if (typeof text === 'string' && text !== '' && !text.startsWith('/')) {
      errors.push(invalid(`${at}.path`, text, 'must be an absolute path'));
    }
  } else errors.push(notSupported(`${at}.pathType`, type, PATH_TYPES));
  errors.push(...backendErrors(record(path['backend']), `${at}.backend`));
  return errors;
}

export const endpointSliceRules: KindRules = {
  defaults(object) {
    for (const port of list(object['ports'] as Json | undefined)) {
      if (Object.isFrozen(port)) return;
      port['name'] ??= '';
      port['protocol'] ??= 'TCP';
    }
  },
  prepareCreate(object) {
    object['endpoints'] ??= null;
    object['ports'] ??= null;
    object.metadata.generation = 1;
  },
  prepareUpdate(object, old) {
    object['endpoints'] ??= null;
    object['ports'] ??= null;
    const changed =
      !deepEqual(object['endpoints'], old['endpoints']) || !deepEqual(object['ports'], old['ports']);
    object.metadata.generation = (old.metadata.generation ?? 0) + (changed ? 1 : 0);
  },
  validate(object) {
    const types = ['FQDN', 'IPv4', 'IPv6'];
    const type = (object as KubeObject)['addressType'];
    if (type === undefined) return [required('addressType')];
    return types.includes(String(type)) ? [] : [notSupported('addressType', type, types)];
  },
  validateUpdate: (object, old) =>
    object['addressType'] === old['addressType']
      ? []
      : [invalid('addressType', object['addressType'], 'field is immutable')],
};
