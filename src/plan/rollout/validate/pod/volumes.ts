/** Volumes of a pod, and their mounts in containers. Pure. */

import type { Field } from '../field.ts';
import { dnsLabelErrors } from '../names.ts';
import { validateFieldRef } from './env.ts';

/** In the order in which they are looked at: of two, the later one is the error. */
const SOURCES = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'persistentVolumeClaim',
  'rbd',
  'cinder',
  'cephfs',
  'quobyte',
  'downwardAPI',
  'fc',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'photonPersistentDisk',
  'portworxVolume',
  'azureDisk',
  'storageos',
  'scaleIO',
  'projected',
  'csi',
  'ephemeral',
  'image',
];

/** Fields without which a source means nothing. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  hostPath: ['path'],
  secret: ['secretName'],
  configMap: ['name'],
  persistentVolumeClaim: ['claimName'],
  nfs: ['server', 'path'],
  csi: ['driver'],
  gitRepo: ['repository'],
};

/** Validates the volumes and gives the names that containers may mount. */
export function validateVolumes(volumes: Field): Set<string> {
  const names = new Set<string>();
  for (const volume of volumes.items()) {
    validateSource(volume);
    const name = volume.child('name');
    const text = name.text();
    const errors = text === '' ? [] : dnsLabelErrors(text);
    if (text === '') name.required();
    else if (errors.length > 0) name.invalidFor(errors);
    else if (names.has(text)) name.duplicate();
    else names.add(text);
  }
  return names;
}

/** None at all is an emptyDir, by default. */
function validateSource(volume: Field): void {
  const set = SOURCES.filter((source) => volume.child(source).present);
  for (const [index, type] of set.entries()) {
    const source = volume.child(type);
    if (index > 0) {
      source.forbidden('may not specify more than 1 volume type');
      continue;
    }
    if (!source.isObject()) continue;
    for (const name of REQUIRED[type] ?? []) {
      const field = source.child(name);
      if (field.text() === '') field.required();
    }
    if (type === 'hostPath') noBacksteps(source.child('path'));
    if (type === 'nfs' && !source.child('path').text().startsWith('/')) {
      source.child('path').invalid('must be an absolute path', source.child('path').text());
    }
    if (type === 'secret' || type === 'configMap') validateItems(source.child('items'));
    if (type === 'downwardAPI') {
      for (const item of source.child('items').items()) {
        // Paths leave out `items[i]`, as an API server's do.
        const ref = item.child('fieldRef');
        if (ref.present) validateFieldRef(ref.at(`${source.path}.fieldRef`));
        localPath(item.child('path').at(`${source.path}.path`));
      }
    }
  }
}

function validateItems(items: Field): void {
  for (const item of items.items()) {
    const key = item.child('key');
    if (key.text() === '') key.required();
    localPath(item.child('path'));
  }
}

export function validateVolumeMounts(mounts: Field, volumes: ReadonlySet<string>): void {
  const taken = new Set<string>();
  for (const mount of mounts.items()) {
    const name = mount.child('name');
    if (name.text() === '') name.required();
    if (!volumes.has(name.text())) {
      name.add({ field: name.path, type: 'NotFound', value: name.text(), detail: '' });
    }
    const path = mount.child('mountPath');
    const text = path.text();
    if (text === '') path.required();
    if (taken.has(text)) path.invalid('must be unique');
    taken.add(text);
    for (const sub of ['subPath', 'subPathExpr']) {
      // Without an index, as an API server has it.
      if (mount.child(sub).text() !== '') relative(mount.child(sub).at(`${mounts.path}.${sub}`));
    }
    if (mount.child('subPath').text() !== '' && mount.child('subPathExpr').text() !== '') {
      mount.child('subPathExpr').invalid('subPathExpr and subPath are mutually exclusive');
    }
  }
}

function localPath(path: Field): void {
  if (path.text() === '') path.required();
  else relative(path);
}

function relative(path: Field): void {
  if (path.text().startsWith('/')) path.invalid('must be a relative path');
  noBacksteps(path);
}

function noBacksteps(path: Field): void {
  if (path.text().split('/').includes('..')) path.invalid("must not contain '..'");
}
