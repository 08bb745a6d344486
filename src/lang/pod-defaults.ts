/**
 * The defaults that an API server writes into a pod template (core v1; those that only pods get are not
 * among them). Wrong types are left as they are. Pure; the template stays untouched.
 */

import { imageTag } from './image.ts';
import { isObject, type Json, type JsonObject } from './json.ts';
import { cloneObject } from './own.ts';
import { QuantityError, roundUpToMilli } from './quantity.ts';

export function defaultPodTemplate(template: JsonObject): JsonObject {
  const copy = cloneObject(template);
  // A typed template always has a spec, and so its defaults.
  const spec = isObject(copy['spec']) ? copy['spec'] : (copy['spec'] = {});
  whereBlank(spec, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
  });
  whereUnset(spec, { securityContext: {}, terminationGracePeriodSeconds: 30 });
  for (const volume of objects(spec['volumes'])) defaultVolume(volume);
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    for (const container of objects(spec[list])) defaultContainer(container);
  }
  roundAmounts(spec['overhead']);
  defaultResources(spec['resources']);
  return copy;
}

/** The one default that servers before 1.35 don't write: the pull policy of image volumes. */
export function defaultImageVolumes(template: JsonObject): JsonObject {
  const { spec } = template;
  const volumes = isObject(spec) ? objects(spec['volumes']) : [];
  if (!volumes.some((volume) => isObject(volume['image']))) return template;
  const copy = cloneObject(template);
  for (const volume of objects((copy['spec'] as JsonObject)['volumes'])) defaultImageVolume(volume);
  return copy;
}

function defaultImageVolume(volume: JsonObject): void {
  const { image } = volume;
  if (isObject(image)) whereBlank(image, { pullPolicy: pullPolicy(image['reference']) });
}

function defaultContainer(container: JsonObject): void {
  const { image } = container;
  whereBlank(container, {
    imagePullPolicy: pullPolicy(image),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  for (const port of objects(container['ports'])) whereBlank(port, { protocol: 'TCP' });
  for (const variable of objects(container['env'])) {
    const from = variable['valueFrom'];
    if (!isObject(from)) continue;
    defaultFieldRef(from['fieldRef']);
    if (isObject(from['fileKeyRef'])) whereUnset(from['fileKeyRef'], { optional: false });
  }
  defaultResources(container['resources']);
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) defaultProbe(container[name]);
  if (isObject(container['lifecycle'])) {
    for (const name of ['postStart', 'preStop']) {
      const handler = container['lifecycle'][name];
      if (isObject(handler)) defaultHttpGet(handler['httpGet']);
    }
  }
}

function defaultProbe(probe: Json | undefined): void {
  if (!isObject(probe)) return;
  whereZero(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  defaultHttpGet(probe['httpGet']);
  if (isObject(probe['grpc'])) whereUnset(probe['grpc'], { service: '' });
}

function defaultHttpGet(action: Json | undefined): void {
  if (isObject(action)) whereBlank(action, { path: '/', scheme: 'HTTP' });
}

function defaultVolume(volume: JsonObject): void {
  // A source that we don't know is a source all the same.
  const isSource = (key: string): boolean => key !== 'name' && isSet(volume[key]);
  if (!Object.keys(volume).some(isSource)) volume['emptyDir'] = {};
  const source = (name: string, apply: (source: JsonObject) => void): void => {
    const value = volume[name];
    if (isObject(value)) apply(value);
  };
  defaultImageVolume(volume);
  source('hostPath', (path) => whereUnset(path, { type: '' }));
  source('secret', (secret) => whereUnset(secret, { defaultMode: 0o644 }));
  source('configMap', (map) => whereUnset(map, { defaultMode: 0o644 }));
  source('downwardAPI', (api) => {
    whereUnset(api, { defaultMode: 0o644 });
    for (const item of objects(api['items'])) defaultFieldRef(item['fieldRef']);
  });
  source('projected', (projected) => {
    whereUnset(projected, { defaultMode: 0o644 });
    for (const part of objects(projected['sources'])) {
      if (isObject(part['downwardAPI'])) {
        for (const item of objects(part['downwardAPI']['items'])) defaultFieldRef(item['fieldRef']);
      }
      const token = part['serviceAccountToken'];
      if (isObject(token)) whereUnset(token, { expirationSeconds: 3600 });
    }
  });
  source('iscsi', (iscsi) => whereBlank(iscsi, { iscsiInterface: 'default' }));
  source('rbd', (rbd) => whereBlank(rbd, { pool: 'rbd', user: 'admin', keyring: '/etc/ceph/keyring' }));
  source('azureDisk', (disk) =>
    whereUnset(disk, { cachingMode: 'ReadWrite', fsType: 'ext4', readOnly: false, kind: 'Shared' }),
  );
  source('scaleIO', (io) => whereBlank(io, { storageMode: 'ThinProvisioned', fsType: 'xfs' }));
  source('ephemeral', ({ volumeClaimTemplate: claim }) => {
    if (!isObject(claim)) return;
    const spec = isObject(claim['spec']) ? claim['spec'] : (claim['spec'] = {});
    whereUnset(spec, { volumeMode: 'Filesystem' });
    defaultResources(spec['resources']);
  });
}

function pullPolicy(image: Json | undefined): string {
  return typeof image === 'string' && imageTag(image) === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultFieldRef(reference: Json | undefined): void {
  if (isObject(reference)) whereBlank(reference, { apiVersion: 'v1' });
}

function defaultResources(resources: Json | undefined): void {
  if (!isObject(resources)) return;
  roundAmounts(resources['limits']);
  roundAmounts(resources['requests']);
}

function roundAmounts(list: Json | undefined): void {
  if (!isObject(list)) return;
  for (const key of Object.keys(list)) {
    const value = list[key];
    if (typeof value !== 'string' && typeof value !== 'number') continue;
    try {
      list[key] = roundUpToMilli(typeof value === 'string' ? value.trim() : value);
    } catch (error) {
      if (!(error instanceof QuantityError)) throw error;
    }
  }
}

const isSet = (value: Json | undefined): boolean => value !== undefined && value !== null;

function whereUnset(object: JsonObject, defaults: JsonObject): void {
  for (const key of Object.keys(defaults)) if (!isSet(object[key])) object[key] = defaults[key];
}

function whereBlank(object: JsonObject, defaults: JsonObject): void {
  for (const key of Object.keys(defaults)) {
    if (!isSet(object[key]) || object[key] === '') object[key] = defaults[key];
  }
}

function whereZero(object: JsonObject, defaults: JsonObject): void {
  for (const key of Object.keys(defaults)) {
    if (!isSet(object[key]) || object[key] === 0) object[key] = defaults[key];
  }
}

function objects(list: Json | undefined): JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}
