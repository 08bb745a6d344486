/** CustomResourceDefinitions: their own rules, and the kinds that they define. */

import { deepEqual, isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { goText, goTypeOf } from '../../lang/go-value.ts';
import { formatTime } from '../../lang/time.ts';
import type { KubeObject } from '../../kube/api.ts';
import { IMMUTABLE_RULE, validateCustom } from './custom-validation.ts';
import { forbiddenField, invalid, required, type FieldError } from './errors.ts';
import { setOf } from './field-set.ts';
import { evaluatePath, parsePath } from './json-path.ts';
import { age } from './kinds/printing.ts';
import { dns1035LabelErrors } from './names.ts';
import type { Draft, KindRules, PrinterColumn, Resource, ScalePaths } from './resource.ts';
import { applyCustomDefaults } from './decode.ts';
import { customSchema, type Schema } from './schema.ts';

const record = (value: unknown): JsonObject => (isObject(value) ? value : {});
const list = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? value.filter((item): item is JsonObject => isObject(item)) : [];
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const words = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

export const definitionRules: KindRules = {
  defaults(object) {
    const spec = record(object['spec']);
    if (Object.isFrozen(spec)) return;
    const names = record(spec['names']);
    names['singular'] ??= text(names['kind']).toLowerCase();
    names['listKind'] ??= `${text(names['kind'])}List`;
    spec['conversion'] ??= { strategy: 'None' };
  },
  prepareCreate(object, context) {
    object.metadata.generation = 1;
    object['status'] = establishedStatus(object, context.now);
  },
  prepareUpdate(object, old) {
    object['status'] = { ...record(old['status']), acceptedNames: record(record(object['spec'])['names']) };
    const changed = !deepEqual(object['spec'], old['spec']);
    object.metadata.generation = (old.metadata.generation ?? 0) + (changed ? 1 : 0);
  },
  validate: definitionErrors,
  validateUpdate(object, old) {
    const [now, before] = [record(object['spec']), record(old['spec'])];
    const errors: FieldError[] = [];
    for (const field of ['group', 'scope']) {
      if (now[field] !== before[field])
        errors.push(invalid(`spec.${field}`, now[field], 'field is immutable'));
    }
    if (record(now['names'])['kind'] !== record(before['names'])['kind']) {
      errors.push(invalid('spec.names.kind', record(now['names'])['kind'], 'field is immutable'));
    }
    return errors;
  },
};

/** The sandbox accepts names at once; the real server takes a moment. */
function establishedStatus(object: KubeObject, now: number): JsonObject {
  const lastTransitionTime = formatTime(now);
  const spec = record(object['spec']);
  return {
    acceptedNames: record(spec['names']),
    conditions: [
      {
        type: 'NamesAccepted',
        status: 'True',
        reason: 'NoConflicts',
        message: 'no conflicts found',
        lastTransitionTime,
      },
      {
        type: 'Established',
        status: 'True',
        reason: 'InitialNamesAccepted',
        message: 'the initial names have been accepted',
        lastTransitionTime,
      },
    ],
    storedVersions: list(spec['versions'])
      .filter((version) => version['storage'] === true)
      .map((version) => text(version['name'])),
  };
}

function definitionErrors(object: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const spec = record(object['spec']);
  const names = record(spec['names']);
  const group = text(spec['group']);
  const plural = text(names['plural']);
  if (object.metadata.name !== `${plural}.${group}`) {
    errors.push(invalid('metadata.name', object.metadata.name, 'must be spec.names.plural+"."+spec.group'));
  }
  if (group === '') errors.push(required('spec.group'));
  else if (!group.includes('.'))
    errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'));
  if (plural === '') errors.push(required('spec.names.plural'));
  else
    errors.push(...dns1035LabelErrors(plural).map((detail) => invalid('spec.names.plural', plural, detail)));
  if (text(names['kind']) === '') errors.push(required('spec.names.kind'));
  if (spec['scope'] !== 'Namespaced' && spec['scope'] !== 'Cluster') {
    errors.push({
      type: 'NotSupported',
      field: 'spec.scope',
      value: text(spec['scope']),
      detail: 'supported values: "Cluster", "Namespaced"',
    });
  }
  const versions = list(spec['versions']);
  if (versions.filter((version) => version['storage'] === true).length !== 1) {
    errors.push(
      invalid('spec.versions', versions, 'must have exactly one version marked as storage version'),
    );
  }
  versions.forEach((version, index) => {
    const at = `spec.versions[${index}]`;
    const schema = record(version['schema'])['openAPIV3Schema'];
    if (!isObject(schema)) errors.push(required(`${at}.schema.openAPIV3Schema`, 'schemas are required'));
    else errors.push(...schemaErrors(schema, `${at}.schema.openAPIV3Schema`, 0));
    list(version['additionalPrinterColumns']).forEach((column, number) => {
      if (parsePath(text(column['jsonPath'])) === undefined) {
        errors.push(
          forbiddenField(
            `${at}.additionalPrinterColumns[${number}].jsonPath`,
            'the sandbox understands fields, indexes and equality filters only',
          ),
        );
      }
    });
  });
  if (record(spec['conversion'])['strategy'] === 'Webhook') {
    errors.push(forbiddenField('spec.conversion.strategy', 'the sandbox calls no webhooks'));
  }
  return errors;
}

const MAX_SCHEMA_DEPTH = 64;

/** The rules of structural schemas that people break, and what the sandbox can't do. */
function schemaErrors(schema: JsonObject, path: string, depth: number): FieldError[] {
  if (depth > MAX_SCHEMA_DEPTH) return [invalid(path, '', 'the schema is nested too deeply')];
  const errors: FieldError[] = [];
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const intOrString = schema['x-kubernetes-int-or-string'] === true;
  if (schema['type'] === undefined && !preserves && !intOrString) {
    errors.push(required(`${path}.type`, 'must not be empty for specified object fields'));
  }
  if (schema['$ref'] !== undefined) errors.push(forbiddenField(`${path}.$ref`, '$ref is not supported'));
  if (schema['properties'] !== undefined && schema['additionalProperties'] !== undefined) {
    errors.push(
      forbiddenField(
        `${path}.additionalProperties`,
        'additionalProperties and properties are mutual exclusive',
      ),
    );
  }
  list(schema['x-kubernetes-validations']).forEach((rule, index) => {
    const at = `${path}.x-kubernetes-validations[${index}].rule`;
    if (!IMMUTABLE_RULE.test(text(rule['rule']))) {
      errors.push(
        forbiddenField(
          at,
          'the sandbox evaluates no CEL but the rule `self == oldSelf`; a real cluster would take this one',
        ),
      );
    }
  });
  for (const [name, property] of Object.entries(record(schema['properties']))) {
    if (isObject(property)) errors.push(...schemaErrors(property, `${path}.properties[${name}]`, depth + 1));
  }
  if (isObject(schema['items'])) errors.push(...schemaErrors(schema['items'], `${path}.items`, depth + 1));
  else if (schema['type'] === 'array') errors.push(required(`${path}.items`, 'must be specified'));
  if (isObject(schema['additionalProperties'])) {
    errors.push(...schemaErrors(schema['additionalProperties'], `${path}.additionalProperties`, depth + 1));
  }
  return errors;
}

/** All versions that a definition serves. The first one that is the storage version holds the objects. */
export function resourcesOf(definition: KubeObject, objectMeta: Schema): Resource[] {
  const spec = record(definition['spec']);
  const names = record(spec['names']);
  return list(spec['versions'])
    .filter((version) => version['served'] === true)
    .map((version) => versionResource(spec, names, version, objectMeta));
}

function versionResource(
  spec: JsonObject,
  names: JsonObject,
  version: JsonObject,
  objectMeta: Schema,
): Resource {
  const structural = record(record(version['schema'])['openAPIV3Schema']);
  const schema = customSchema(structural, objectMeta);
  const subresources = record(version['subresources']);
  const hasStatus = isObject(subresources['status']);
  const columns = printerColumns(list(version['additionalPrinterColumns']));
  const rules: KindRules = {
    prepareCreate(object) {
      if (hasStatus) delete object['status'];
      object.metadata.generation = 1;
    },
    prepareUpdate(object, old) {
      if (hasStatus) {
        if (old['status'] === undefined) delete object['status'];
        else object['status'] = old['status'] as JsonObject;
      }
      object.metadata.generation =
        (old.metadata.generation ?? 0) + (wantsChanged(object, old, hasStatus) ? 1 : 0);
    },
    defaults: (object) => applyCustomDefaults(schema, object),
    validate: (object) =>
      validateCustom(
        structural,
        object as unknown as JsonObject,
        undefined,
        scaleErrors(object, scalePaths(subresources)),
      ),
    validateUpdate: (object, old) =>
      validateCustom(
        structural,
        object as unknown as JsonObject,
        old as unknown as JsonObject,
        scaleErrors(object, scalePaths(subresources)),
      ),
    // The status is validated alone, so that the texts name the way from there.
    validateStatus: (object, old) =>
      validateCustom(structural, object as unknown as JsonObject, old as unknown as JsonObject).map(
        (error) =>
          error.field.startsWith('status.')
            ? { ...error, detail: error.detail.replace(/^status\./, '') }
            : error,
      ),
  };
  return {
    type: {
      group: text(spec['group']),
      version: text(version['name']),
      plural: text(names['plural']),
      kind: text(names['kind']),
      namespaced: spec['scope'] === 'Namespaced',
    },
    singular: text(names['singular']),
    listKind: text(names['listKind']),
    shortNames: words(names['shortNames']),
    categories: words(names['categories']),
    custom: true,
    schema,
    structural,
    hasStatus,
    scale: scalePaths(subresources),
    generation: 'spec',
    unconditionalUpdate: false,
    returnsDeleted: false,
    selectable: Object.fromEntries(
      list(version['selectableFields']).map((field) => {
        const steps = parsePath(text(field['jsonPath'])) ?? [];
        const name = text(field['jsonPath']).replace(/^\./, '');
        return [name, (object: KubeObject) => String(evaluatePath(steps, object)[0] ?? '')];
      }),
    ),
    ...(hasStatus ? { resetMain: setOf('status') } : {}),
    resetStatus: undefined,
    rules,
    ...columns,
  };
}

function scalePaths(subresources: JsonObject): ScalePaths | undefined {
  const scale = subresources['scale'];
  if (!isObject(scale)) return undefined;
  const path = (name: string): string => text(scale[name]).replace(/^\./, '');
  const selector = path('labelSelectorPath');
  return {
    spec: path('specReplicasPath'),
    status: path('statusReplicasPath'),
    ...(selector === '' ? {} : { selector }),
  };
}

function scaleErrors(object: KubeObject, scale: ScalePaths | undefined): FieldError[] {
  if (scale === undefined) return [];
  let at: Json | undefined = object as unknown as JsonObject;
  for (const name of scale.spec.split('.')) at = isObject(at) ? at[name] : undefined;
  const field = `.${scale.spec}`;
  if (at === undefined || at === null) return [];
  if (typeof at !== 'number' || !Number.isInteger(at)) {
    const detail = `${field} accessor error: ${goText(at)} is of the type ${goTypeOf(at)}, expected int64`;
    return [invalid(field, 0, detail)];
  }
  return at < 0 ? [invalid(field, at, 'should be a non-negative integer')] : [];
}

/** What the user wants is everything but metadata (and status, where it is a subresource). */
function wantsChanged(object: Draft, old: KubeObject, hasStatus: boolean): boolean {
  const names = new Set([...Object.keys(object), ...Object.keys(old)]);
  for (const name of names) {
    if (name === 'metadata' || (name === 'status' && hasStatus)) continue;
    if (!deepEqual(object[name], old[name])) return true;
  }
  return false;
}

function printerColumns(declared: JsonObject[]): Pick<Resource, 'columns' | 'cells'> {
  const columns: PrinterColumn[] = [{ name: 'Name', type: 'string', format: 'name', priority: 0 }];
  const source =
    declared.length > 0 ? declared : [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }];
  const getters = source.map((column) => {
    const type = text(column['type']);
    const priority = column['priority'];
    columns.push({
      name: text(column['name']),
      type,
      ...(typeof column['format'] === 'string' ? { format: column['format'] } : {}),
      ...(typeof column['description'] === 'string' ? { description: column['description'] } : {}),
      priority: typeof priority === 'number' ? priority : 0,
    });
    const steps = parsePath(text(column['jsonPath'])) ?? [];
    return (object: KubeObject, now: number): string | number | boolean | null => {
      const values = evaluatePath(steps, object);
      const value = values[0];
      if (value === undefined || value === null) return null;
      switch (type) {
        case 'integer':
          return typeof value === 'number' ? Math.trunc(value) : null;
        case 'number':
          return typeof value === 'number' ? value : null;
        case 'boolean':
          return typeof value === 'boolean' ? value : null;
        case 'date':
          return typeof value === 'string' ? age(value, now) : null;
        default:
          return values.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(' ');
      }
    };
  });
  return {
    columns,
    cells: (object, now) => [object.metadata.name, ...getters.map((get) => get(object, now))],
  };
}
