/** Rules of pods and of the kinds that make pods. */

import { deepEqual, isObject, type Json, type JsonObject } from '../../../lang/json.ts';
import { matchesSelector, selectorFrom } from '../../../lang/selector.ts';
import type { KubeObject } from '../../../kube/api.ts';
import { cloneJson } from '../decode.ts';
import { forbiddenField, invalid, notSupported, required, type FieldError } from '../errors.ts';
import type { Draft, KindRules } from '../resource.ts';
import { podSpecDefaults, podSpecErrors, podTemplateDefaults, podTemplateErrors } from './pod-template.ts';

export const record = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** `object.spec`, made when it is missing. Undefined when it is stored already and must stay untouched. */
export function ownSpec(object: Draft): JsonObject | undefined {
  const { spec } = object;
  if (!isObject(spec)) {
    const made: JsonObject = {};
    object['spec'] = made;
    return made;
  }
  return Object.isFrozen(spec) ? undefined : spec;
}

/** The bump of metadata.generation when the spec changed. */
export function countGeneration(object: Draft, old: KubeObject, alsoAnnotations = false): void {
  const changed =
    !deepEqual(object['spec'], old['spec']) ||
    (alsoAnnotations && !deepEqual(object.metadata.annotations, old.metadata.annotations));
  object.metadata.generation = (old.metadata.generation ?? 0) + (changed ? 1 : 0);
}

const nonNegative = (value: Json | undefined, field: string): FieldError[] =>
  typeof value === 'number' && value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : [];

function selectorErrors(spec: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  const { selector } = spec;
  const labels = record(record(record(spec['template'])['metadata'])['labels']);
  const mismatch = (): FieldError =>
    invalid(
      'spec.template.metadata.labels',
      Object.keys(labels).length === 0 ? undefined : labels,
      '`selector` does not match template `labels`',
    );
  if (!isObject(selector)) return [required('spec.selector'), mismatch()];
  try {
    const parsed = selectorFrom(selector);
    if (parsed.requirements.length === 0) {
      errors.push(invalid('spec.selector', selector, 'empty selector is invalid for deployment'));
    } else if (!matchesSelector(parsed, labels as Record<string, string>)) errors.push(mismatch());
  } catch (error) {
    errors.push(invalid('spec.selector', selector, (error as Error).message));
  }
  return errors;
}

const alwaysRestarts = (spec: JsonObject): FieldError[] => {
  const policy = record(record(spec['template'])['spec'])['restartPolicy'];
  return policy === 'Always' ? [] : [notSupported('spec.template.spec.restartPolicy', policy, ['Always'])];
};

const immutableSelector = (object: KubeObject, old: KubeObject): FieldError[] => {
  const now = record(object['spec'])['selector'];
  return deepEqual(now, record(old['spec'])['selector'])
    ? []
    : [invalid('spec.selector', now, 'field is immutable')];
};

export const replicaSetRules: KindRules = {
  defaults(object) {
    const spec = ownSpec(object);
    if (spec === undefined) return;
    spec['replicas'] ??= 1;
    spec['template'] ??= {};
    podTemplateDefaults(spec['template']);
  },
  prepareCreate(object) {
    object['status'] = { replicas: 0 };
    object.metadata.generation = 1;
  },
  prepareUpdate(object, old) {
    object['status'] = old['status'] as JsonObject;
    countGeneration(object, old);
  },
  validate(object) {
    const spec = record(object['spec']);
    return [
      ...nonNegative(spec['replicas'], 'spec.replicas'),
      ...nonNegative(spec['minReadySeconds'], 'spec.minReadySeconds'),
      ...selectorErrors(spec),
      ...podTemplateErrors(record(spec['template']), 'spec.template'),
      ...alwaysRestarts(spec),
    ];
  },
  validateUpdate: immutableSelector,
  validateStatus(object) {
    const status = record(object['status']);
    const errors: FieldError[] = [];
    const replicas = Number(status['replicas'] ?? 0);
    for (const name of ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']) {
      const value = Number(status[name] ?? 0);
      errors.push(...nonNegative(value, `status.${name}`));
      if (value > replicas) {
        errors.push(invalid(`status.${name}`, value, 'cannot be greater than status.replicas'));
      }
    }
    if (Number(status['availableReplicas'] ?? 0) > Number(status['readyReplicas'] ?? 0)) {
      errors.push(
        invalid(
          'status.availableReplicas',
          status['availableReplicas'],
          'cannot be greater than readyReplicas',
        ),
      );
    }
    return errors;
  },
};

export const deploymentRules: KindRules = {
  defaults(object) {
    const spec = ownSpec(object);
    if (spec === undefined) return;
    spec['replicas'] ??= 1;
    if (!isObject(spec['strategy'])) spec['strategy'] = {};
    const strategy = spec['strategy'];
    strategy['type'] ??= 'RollingUpdate';
    if (strategy['type'] === 'RollingUpdate') {
      if (!isObject(strategy['rollingUpdate'])) strategy['rollingUpdate'] = {};
      strategy['rollingUpdate']['maxUnavailable'] ??= '25%';
      strategy['rollingUpdate']['maxSurge'] ??= '25%';
    }
    spec['revisionHistoryLimit'] ??= 10;
    spec['progressDeadlineSeconds'] ??= 600;
    spec['template'] ??= {};
    podTemplateDefaults(spec['template']);
  },
  prepareCreate(object) {
    object['status'] = {};
    object.metadata.generation = 1;
  },
  prepareUpdate(object, old) {
    object['status'] = old['status'] as JsonObject;
    countGeneration(object, old, true);
  },
  validate(object) {
    const spec = record(object['spec']);
    return [
      ...nonNegative(spec['replicas'], 'spec.replicas'),
      ...selectorErrors(spec),
      ...podTemplateErrors(record(spec['template']), 'spec.template'),
      ...alwaysRestarts(spec),
      ...nonNegative(spec['minReadySeconds'], 'spec.minReadySeconds'),
    ];
  },
  validateUpdate: immutableSelector,
};

function qosClass(spec: JsonObject): string {
  const containers = [spec['containers'], spec['initContainers']].flatMap((list) =>
    Array.isArray(list) ? list : [],
  );
  let any = false;
  let guaranteed = true;
  for (const container of containers) {
    const resources = record(record(container)['resources']);
    const requests = record(resources['requests']);
    const limits = record(resources['limits']);
    for (const name of ['cpu', 'memory']) {
      if (requests[name] !== undefined || limits[name] !== undefined) any = true;
      if (limits[name] === undefined || (requests[name] ?? limits[name]) !== limits[name]) guaranteed = false;
    }
  }
  return !any ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable';
}

/** Tolerations that the DefaultTolerationSeconds admission adds to every pod. */
const DEFAULT_TOLERATIONS = ['not-ready', 'unreachable'].map((name) => ({
  key: `node.kubernetes.io/${name}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 300,
}));

/** The part of a pod's spec that can't change: images, deadlines, tolerations and gates may. */
function fixedPart(of: KubeObject): Json {
  const spec = cloneJson(record(of['spec']));
  delete spec['tolerations'];
  delete spec['activeDeadlineSeconds'];
  delete spec['terminationGracePeriodSeconds'];
  delete spec['schedulingGates'];
  for (const list of [spec['containers'], spec['initContainers']]) {
    if (Array.isArray(list)) for (const container of list) if (isObject(container)) delete container['image'];
  }
  return spec;
}

export const podRules: KindRules = {
  defaults(object) {
    const spec = ownSpec(object);
    if (spec !== undefined) podSpecDefaults(spec, true);
  },
  prepareCreate(object) {
    const spec = object['spec'] as JsonObject;
    const tolerations = Array.isArray(spec['tolerations']) ? spec['tolerations'] : [];
    for (const toleration of DEFAULT_TOLERATIONS) {
      if (!tolerations.some((item) => record(item)['key'] === toleration.key))
        tolerations.push({ ...toleration });
    }
    spec['tolerations'] = tolerations;
    spec['priority'] ??= 0;
    spec['preemptionPolicy'] ??= 'PreemptLowerPriority';
    object['status'] = { phase: 'Pending', qosClass: qosClass(spec) };
    object.metadata.generation = 1;
  },
  prepareUpdate(object, old) {
    object['status'] = old['status'] as JsonObject;
    countGeneration(object, old);
  },
  validate: (object) => podSpecErrors(record(object['spec']), 'spec'),
  validateUpdate(object, old) {
    if (object['spec'] === old['spec']) return [];
    return deepEqual(fixedPart(object), fixedPart(old))
      ? []
      : [
          forbiddenField(
            'spec',
            'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
          ),
        ];
  },
  gracePeriod(object) {
    const spec = record(object['spec']);
    const phase = record(object['status'])['phase'];
    if (
      spec['nodeName'] === undefined ||
      spec['nodeName'] === '' ||
      phase === 'Failed' ||
      phase === 'Succeeded'
    ) {
      return 0;
    }
    return Number(spec['terminationGracePeriodSeconds'] ?? 30);
  },
};

const JOB_LABELS = ['batch.kubernetes.io/controller-uid', 'controller-uid'];
const JOB_NAME_LABELS = ['batch.kubernetes.io/job-name', 'job-name'];

export const jobRules: KindRules = {
  defaults(object) {
    const spec = ownSpec(object);
    if (spec === undefined) return;
    if (spec['completions'] === undefined && spec['parallelism'] === undefined) {
      spec['completions'] = 1;
      spec['parallelism'] = 1;
    }
    spec['parallelism'] ??= 1;
    spec['backoffLimit'] ??= spec['backoffLimitPerIndex'] === undefined ? 6 : 2147483647;
    spec['completionMode'] ??= 'NonIndexed';
    spec['suspend'] ??= false;
    spec['podReplacementPolicy'] ??=
      spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed';
    spec['manualSelector'] ??= false;
    podTemplateDefaults((spec['template'] ??= {}));
  },
  prepareCreate(object) {
    object['status'] = {};
    object.metadata.generation = 1;
    const spec = object['spec'] as JsonObject;
    if (spec['manualSelector'] === true) return;
    const uid = object.metadata.uid ?? '';
    const metadata = record(record(spec['template'])['metadata']);
    const labels = isObject(metadata['labels']) ? metadata['labels'] : {};
    metadata['labels'] = labels;
    for (const name of JOB_LABELS) labels[name] = uid;
    for (const name of JOB_NAME_LABELS) labels[name] = object.metadata.name;
    // A Job without labels takes those of its template.
    object.metadata.labels ??= { ...labels } as Record<string, string>;
    if (!isObject(spec['selector'])) spec['selector'] = {};
    spec['selector']['matchLabels'] = { 'batch.kubernetes.io/controller-uid': uid };
  },
  prepareUpdate(object, old) {
    object['status'] = old['status'] as JsonObject;
    countGeneration(object, old);
  },
  validate(object) {
    const spec = record(object['spec']);
    const errors = [
      ...nonNegative(spec['parallelism'], 'spec.parallelism'),
      ...nonNegative(spec['completions'], 'spec.completions'),
      ...nonNegative(spec['backoffLimit'], 'spec.backoffLimit'),
      ...podTemplateErrors(record(spec['template']), 'spec.template'),
    ];
    const policy = record(record(spec['template'])['spec'])['restartPolicy'];
    if (policy !== 'OnFailure' && policy !== 'Never') {
      errors.push(required('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'));
    }
    return errors;
  },
  validateUpdate(object, old) {
    const [now, before] = [record(object['spec']), record(old['spec'])];
    return [
      'completions',
      'selector',
      'template',
      'completionMode',
      'podFailurePolicy',
      'backoffLimitPerIndex',
    ]
      .filter((name) => !deepEqual(now[name], before[name]))
      .map((name) => invalid(`spec.${name}`, now[name], 'field is immutable'));
  },
};
