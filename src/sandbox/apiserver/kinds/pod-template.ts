/** Defaults of pod specs and pod templates, as `k8s.io/kubernetes/pkg/apis/core/v1` sets them, and their validation. */

import { isObject, type Json, type JsonObject } from '../../../lang/json.ts';
import { duplicate, invalid, notSupported, required, type FieldError } from '../errors.ts';
import { dnsLabelErrors } from '../names.ts';
import { labelErrors } from '../metadata.ts';

const objects = (value: Json | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter((item): item is JsonObject => isObject(item)) : [];

const fill = (object: JsonObject, defaults: JsonObject): void => {
  for (const [key, value] of Object.entries(defaults)) {
    if (object[key] === undefined || object[key] === '') object[key] = value;
  }
};

function probeDefaults(probe: Json | undefined): void {
  if (!isObject(probe)) return;
  fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  handlerDefaults(probe);
  if (isObject(probe['grpc'])) fill(probe['grpc'], { service: '' });
}

function handlerDefaults(handler: JsonObject): void {
  if (isObject(handler['httpGet'])) fill(handler['httpGet'], { path: '/', scheme: 'HTTP' });
}

/** `name` without registry port and digest ends in a tag of its own. */
function pullPolicy(image: string): string {
  if (image.includes('@')) return 'IfNotPresent';
  const last = image.slice(image.lastIndexOf('/') + 1);
  const colon = last.lastIndexOf(':');
  return colon < 0 || last.slice(colon + 1) === 'latest' ? 'Always' : 'IfNotPresent';
}

function containerDefaults(container: JsonObject): void {
  fill(container, {
    imagePullPolicy: pullPolicy(String(container['image'] ?? '')),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    resources: {},
  });
  for (const port of objects(container['ports'])) fill(port, { protocol: 'TCP' });
  for (const env of objects(container['env'])) {
    const from = env['valueFrom'];
    if (isObject(from) && isObject(from['fieldRef'])) fill(from['fieldRef'], { apiVersion: 'v1' });
    const resource = isObject(from) ? from['resourceFieldRef'] : undefined;
    if (isObject(resource)) fill(resource, { divisor: '0' });
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) probeDefaults(container[name]);
  const lifecycle = container['lifecycle'];
  if (isObject(lifecycle)) {
    for (const hook of [lifecycle['postStart'], lifecycle['preStop']])
      if (isObject(hook)) handlerDefaults(hook);
  }
  const resources = container['resources'];
  if (isObject(resources) && isObject(resources['limits'])) {
    const requests = isObject(resources['requests']) ? resources['requests'] : {};
    for (const [name, limit] of Object.entries(resources['limits'])) requests[name] ??= limit;
    resources['requests'] = requests;
  }
}

function volumeDefaults(volume: JsonObject): void {
  const source = Object.keys(volume).find((key) => key !== 'name');
  if (source === undefined) {
    volume['emptyDir'] = {};
    return;
  }
  const value = volume[source];
  if (!isObject(value)) return;
  if (source === 'secret' || source === 'configMap' || source === 'downwardAPI' || source === 'projected') {
    fill(value, { defaultMode: 420 });
  }
  if (source === 'hostPath') fill(value, { type: '' });
  if (source === 'downwardAPI') {
    for (const item of objects(value['items'])) {
      if (isObject(item['fieldRef'])) fill(item['fieldRef'], { apiVersion: 'v1' });
    }
  }
  if (source === 'projected') {
    for (const part of objects(value['sources'])) {
      const token = part['serviceAccountToken'];
      if (isObject(token)) fill(token, { expirationSeconds: 3600 });
      const downward = part['downwardAPI'];
      if (isObject(downward)) {
        for (const item of objects(downward['items'])) {
          if (isObject(item['fieldRef'])) fill(item['fieldRef'], { apiVersion: 'v1' });
        }
      }
    }
  }
}

/** In place. `whole`: a Pod's own spec, which gets a few more defaults than one in a template. */
export function podSpecDefaults(spec: JsonObject, whole: boolean): void {
  fill(spec, {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
  if (whole) fill(spec, { enableServiceLinks: true });
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of objects(spec[list])) containerDefaults(container);
  }
  for (const volume of objects(spec['volumes'])) volumeDefaults(volume);
  for (const spread of objects(spec['topologySpreadConstraints'])) {
    fill(spread, { whenUnsatisfiable: 'DoNotSchedule' });
  }
  // The older name of the same field follows the newer one.
  if (typeof spec['serviceAccountName'] === 'string') spec['serviceAccount'] ??= spec['serviceAccountName'];
  else if (typeof spec['serviceAccount'] === 'string') spec['serviceAccountName'] = spec['serviceAccount'];
}

export function podTemplateDefaults(template: Json | undefined): void {
  if (!isObject(template)) return;
  if (!isObject(template['metadata'])) template['metadata'] = {};
  if (!isObject(template['spec'])) template['spec'] = {};
  podSpecDefaults(template['spec'], false);
}

function containerErrors(container: JsonObject, path: string, names: Set<string>): FieldError[] {
  const errors: FieldError[] = [];
  const name = container['name'];
  if (typeof name !== 'string' || name === '') errors.push(required(`${path}.name`));
  else {
    errors.push(...dnsLabelErrors(name).map((detail) => invalid(`${path}.name`, name, detail)));
    if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
    names.add(name);
  }
  if (typeof container['image'] !== 'string' || container['image'] === '')
    errors.push(required(`${path}.image`));
  objects(container['ports']).forEach((port, index) => {
    const number = port['containerPort'];
    const at = `${path}.ports[${index}]`;
    if (number === undefined || number === 0) errors.push(required(`${at}.containerPort`));
    else if (typeof number === 'number' && (number < 1 || number > 65535)) {
      errors.push(invalid(`${at}.containerPort`, number, 'must be between 1 and 65535, inclusive'));
    }
    if (!['TCP', 'UDP', 'SCTP'].includes(String(port['protocol']))) {
      errors.push(notSupported(`${at}.protocol`, port['protocol'], ['SCTP', 'TCP', 'UDP']));
    }
  });
  objects(container['env']).forEach((env, index) => {
    if (env['name'] === undefined || env['name'] === '') errors.push(required(`${path}.env[${index}].name`));
    if (env['value'] !== undefined && env['value'] !== '' && env['valueFrom'] !== undefined) {
      errors.push(
        invalid(`${path}.env[${index}].valueFrom`, '', 'may not be specified when `value` is not empty'),
      );
    }
  });
  if (!['Always', 'IfNotPresent', 'Never'].includes(String(container['imagePullPolicy']))) {
    errors.push(
      notSupported(`${path}.imagePullPolicy`, container['imagePullPolicy'], [
        'Always',
        'IfNotPresent',
        'Never',
      ]),
    );
  }
  return errors;
}

export function podSpecErrors(spec: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const containers = objects(spec['containers']);
  if (containers.length === 0) errors.push(required(`${path}.containers`));
  containers.forEach((container, i) =>
    errors.push(...containerErrors(container, `${path}.containers[${i}]`, names)),
  );
  objects(spec['initContainers']).forEach((container, i) =>
    errors.push(...containerErrors(container, `${path}.initContainers[${i}]`, names)),
  );
  const policy = spec['restartPolicy'];
  if (!['Always', 'OnFailure', 'Never'].includes(String(policy))) {
    errors.push(notSupported(`${path}.restartPolicy`, policy, ['Always', 'OnFailure', 'Never']));
  }
  const grace = spec['terminationGracePeriodSeconds'];
  if (typeof grace === 'number' && grace < 0) {
    errors.push(
      invalid(`${path}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0'),
    );
  }
  return errors;
}

/** `selector`: what the workload selects its pods by. */
export function podTemplateErrors(template: JsonObject, path: string): FieldError[] {
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  return [
    ...labelErrors(metadata['labels'], `${path}.metadata.labels`),
    ...podSpecErrors(isObject(template['spec']) ? template['spec'] : {}, `${path}.spec`),
  ];
}
