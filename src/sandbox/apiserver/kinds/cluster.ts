/** Rules of the remaining built-in kinds: namespaces, configuration, events, leases, budgets, autoscalers. */

import { deepEqual, isObject, type JsonObject } from '../../../lang/json.ts';
import type { KubeObject } from '../../../kube/api.ts';
import { forbiddenField, invalid, required, type FieldError } from '../errors.ts';
import { dnsLabelErrors, pathSegmentErrors } from '../names.ts';
import type { Draft, KindRules } from '../resource.ts';
import { countGeneration, ownSpec, record } from './workloads.ts';

export const namespaceRules: KindRules = {
  validateName: dnsLabelErrors,
  defaults(object) {
    if (Object.isFrozen(object.metadata)) return;
    const { name } = object.metadata;
    if (name !== undefined && name !== '') {
      object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': name };
    }
  },
  prepareCreate(object) {
    object['spec'] = { finalizers: ['kubernetes'] };
    object['status'] = { phase: 'Active' };
  },
  prepareUpdate(object, old) {
    object['spec'] = old['spec'] as JsonObject;
    object['status'] = old['status'] as JsonObject;
  },
};

const immutableData = (object: KubeObject, old: KubeObject): FieldError[] => {
  if (old['immutable'] !== true) return [];
  const errors: FieldError[] = [];
  if (object['immutable'] !== true) {
    errors.push(forbiddenField('immutable', 'field is immutable when `immutable` is set'));
  }
  for (const name of ['data', 'binaryData']) {
    if (!deepEqual(object[name], old[name])) {
      errors.push(forbiddenField(name, 'field is immutable when `immutable` is set'));
    }
  }
  return errors;
};

const dataKeyErrors = (object: KubeObject): FieldError[] =>
  ['data', 'binaryData'].flatMap((field) =>
    Object.keys(record(object[field]))
      .filter((key) => !/^[-._a-zA-Z0-9]+$/.test(key))
      .map((key) =>
        invalid(
          `${field}[${key}]`,
          key,
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ),
      ),
  );

export const configMapRules: KindRules = { validate: dataKeyErrors, validateUpdate: immutableData };

export const secretRules: KindRules = {
  defaults(object) {
    object['type'] ??= 'Opaque';
    const plain = object['stringData'];
    if (isObject(plain)) {
      const data: JsonObject = { ...record(object['data']) };
      for (const [key, value] of Object.entries(plain))
        data[key] = Buffer.from(String(value)).toString('base64');
      object['data'] = data;
      delete object['stringData'];
    }
  },
  validate: dataKeyErrors,
  validateUpdate: (object, old) => [
    ...(object['type'] === old['type'] ? [] : [invalid('type', object['type'], 'field is immutable')]),
    ...immutableData(object, old),
  ],
};

/** Go prints these even when they are empty. */
function fillEvent(object: Draft): void {
  object['involvedObject'] ??= {};
  object['source'] ??= {};
  object['firstTimestamp'] ??= null;
  object['lastTimestamp'] ??= null;
  object['eventTime'] ??= null;
  object['reportingComponent'] ??= '';
  object['reportingInstance'] ??= '';
}

export const eventRules: KindRules = {
  validateName: (name) => pathSegmentErrors(name),
  prepareCreate: fillEvent,
  prepareUpdate: fillEvent,
  validate(object) {
    const namespace = record(object['involvedObject'])['namespace'] ?? '';
    const own = object.metadata.namespace ?? '';
    const fits = namespace === own || (namespace === '' && (own === 'default' || own === 'kube-system'));
    return fits ? [] : [invalid('involvedObject.namespace', namespace, 'does not match event.namespace')];
  },
};

export const leaseRules: KindRules = {
  defaults(object) {
    ownSpec(object);
  },
  validate(object) {
    const spec = record(object['spec']);
    const errors: FieldError[] = [];
    const duration = spec['leaseDurationSeconds'];
    if (typeof duration === 'number' && duration <= 0) {
      errors.push(invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0'));
    }
    const transitions = spec['leaseTransitions'];
    if (typeof transitions === 'number' && transitions < 0) {
      errors.push(invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
    }
    return errors;
  },
};

export const budgetRules: KindRules = {
  defaults(object) {
    ownSpec(object);
  },
  prepareCreate(object) {
    object.metadata.generation = 1;
    object['status'] = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  prepareUpdate(object, old) {
    object['status'] = old['status'] as JsonObject;
    countGeneration(object, old);
  },
  validate(object) {
    const spec = record(object['spec']);
    if (spec['minAvailable'] !== undefined && spec['maxUnavailable'] !== undefined) {
      // The real server prints its internal type, whose fields have Go's names.
      const shown = {
        MinAvailable: spec['minAvailable'],
        Selector: spec['selector'] ?? null,
        MaxUnavailable: spec['maxUnavailable'],
        UnhealthyPodEvictionPolicy: spec['unhealthyPodEvictionPolicy'] ?? null,
      };
      return [invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set')];
    }
    const errors: FieldError[] = [];
    for (const name of ['minAvailable', 'maxUnavailable']) {
      const value = spec[name];
      if (typeof value === 'number' && value < 0) {
        errors.push(invalid(`spec.${name}`, value, 'must be greater than or equal to 0'));
      } else if (typeof value === 'string' && !/^[0-9]+%$/.test(value)) {
        errors.push(
          invalid(
            `spec.${name}`,
            value,
            "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
          ),
        );
      } else if (typeof value === 'string' && Number.parseInt(value, 10) > 100) {
        errors.push(invalid(`spec.${name}`, value, 'must not be greater than 100%'));
      }
    }
    return errors;
  },
};

export const autoscalerRules: KindRules = {
  defaults(object) {
    const spec = ownSpec(object);
    if (spec === undefined) return;
    spec['minReplicas'] ??= 1;
    if (spec['metrics'] === undefined) {
      spec['metrics'] = [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ];
    }
  },
  prepareCreate(object) {
    object['status'] = { desiredReplicas: 0, currentMetrics: null };
  },
  prepareUpdate(object, old) {
    object['status'] = old['status'] as JsonObject;
  },
  validate(object) {
    const spec = record(object['spec']);
    const errors: FieldError[] = [];
    const max = spec['maxReplicas'];
    const min = spec['minReplicas'];
    if (typeof max !== 'number' || max < 1)
      errors.push(invalid('spec.maxReplicas', max ?? 0, 'must be greater than 0'));
    if (typeof min === 'number' && typeof max === 'number' && max < min) {
      errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'));
    }
    const target = record(spec['scaleTargetRef']);
    for (const name of ['kind', 'name']) {
      if (target[name] === undefined || target[name] === '')
        errors.push(required(`spec.scaleTargetRef.${name}`));
    }
    return errors;
  },
};

export const nodeRules: KindRules = {
  defaults(object) {
    ownSpec(object);
  },
};

const roleRef = (object: KubeObject): JsonObject => record(object['roleRef']);

export const roleRules: KindRules = {
  validateName: pathSegmentErrors,
  prepareCreate: (object) => void (object['rules'] ??= null),
  prepareUpdate: (object) => void (object['rules'] ??= null),
};

export const roleBindingRules: KindRules = {
  validateName: pathSegmentErrors,
  defaults(object) {
    const ref = roleRef(object);
    if (!Object.isFrozen(ref)) ref['apiGroup'] ??= 'rbac.authorization.k8s.io';
    const subjects = object['subjects'];
    if (!Array.isArray(subjects)) return;
    for (const subject of subjects) {
      if (!isObject(subject) || Object.isFrozen(subject)) continue;
      if (subject['kind'] === 'User' || subject['kind'] === 'Group')
        subject['apiGroup'] ??= 'rbac.authorization.k8s.io';
    }
  },
  validateUpdate: (object, old) =>
    deepEqual(object['roleRef'], old['roleRef'])
      ? []
      : [invalid('roleRef', object['roleRef'], 'cannot change roleRef')],
};
