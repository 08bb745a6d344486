/**
 * Validation of a custom resource's values against its structural schema, with the error texts of the real
 * server. CEL: transition rules that say `self == oldSelf`, and nothing else (others are refused in the CRD).
 */

import { deepEqual, isObject, type Json, type JsonObject } from '../../lang/json.ts';
import { parseDuration } from '../../lang/duration.ts';
import { parseTime } from '../../lang/time.ts';
import { duplicate, invalid, NO_VALUE, notSupported, required, type FieldError } from './errors.ts';

const NIL = '<nil>';

const goType = (value: Json): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isObject(value)) return 'object';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

const number = (value: Json | undefined): number | undefined =>
  typeof value === 'number' ? value : undefined;

/** Compiled patterns; a pattern that JavaScript can't read matches everything (Go's RE2 has a few more forms). */
const patterns = new Map<string, RegExp | undefined>();
function patternOf(source: string): RegExp | undefined {
  if (!patterns.has(source)) {
    let compiled: RegExp | undefined;
    try {
      compiled = new RegExp(source, 'u');
    } catch {
      compiled = undefined;
    }
    patterns.set(source, compiled);
  }
  return patterns.get(source);
}

const FORMATS: Record<string, (text: string) => boolean> = {
  'date-time': (text) => parseTime(text) !== undefined,
  date: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)),
  duration: (text) => {
    try {
      parseDuration(text);
      return true;
    } catch {
      return false;
    }
  },
  uuid: (text) => /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text),
  byte: (text) => /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0,
  ipv4: (text) => /^(\d{1,3}\.){3}\d{1,3}$/.test(text),
  uri: (text) => URL.canParse(text),
  email: (text) => /^[^@\s]+@[^@\s]+$/.test(text),
  hostname: (text) => /^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/.test(text),
};

/** Frozen values by the schema in which nothing was wrong with them: most of an object is what it was before. */
type Known = WeakMap<JsonObject, WeakSet<object>>;
const FLAWLESS: Known = new WeakMap();
const WITHOUT_REPETITIONS: Known = new WeakMap();

const isKnown = (known: Known, schema: JsonObject, value: Json): boolean =>
  typeof value === 'object' && value !== null && known.get(schema)?.has(value) === true;

function know(known: Known, schema: JsonObject, value: Json): void {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return;
  const values = known.get(schema);
  if (values === undefined) known.set(schema, new WeakSet([value]));
  else values.add(value);
}

/** `typesFailed`: an error makes CEL rules impossible to check. */
class Validator {
  readonly errors: FieldError[] = [];
  typesFailed = false;

  check(schema: JsonObject, value: Json, path: string): void {
    if (isKnown(FLAWLESS, schema, value)) return;
    const before = this.errors.length;
    this.#look(schema, value, path);
    if (this.errors.length === before) know(FLAWLESS, schema, value);
  }

  #look(schema: JsonObject, value: Json, path: string): void {
    if (value === null && schema['nullable'] === true) return;
    if (!this.#type(schema, value, path)) return;
    if (typeof value === 'string') this.#string(schema, value, path);
    else if (typeof value === 'number') this.#number(schema, value, path);
    else if (Array.isArray(value)) this.#list(schema, value, path);
    else if (isObject(value)) this.#object(schema, value, path);
    const allowed = schema['enum'];
    if (Array.isArray(allowed) && !allowed.some((item) => deepEqual(item, value))) {
      this.errors.push(
        notSupported(
          path,
          value,
          allowed.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))),
        ),
      );
    }
    this.#combinations(schema, value, path);
  }

  #type(schema: JsonObject, value: Json, path: string): boolean {
    const wanted = schema['x-kubernetes-int-or-string'] === true ? ['integer', 'string'] : [schema['type']];
    if (wanted[0] === undefined) return true;
    const actual = goType(value);
    const fits = wanted.some((type) => type === actual || (type === 'number' && actual === 'integer'));
    if (fits) return true;
    this.typesFailed = true;
    const type = wanted.join(',');
    if (type === 'integer' && actual === 'number' && typeof schema['format'] === 'string') {
      const format = schema['format'];
      this.errors.push(
        {
          type: 'TypeInvalid',
          field: path,
          value: 'float64',
          detail: `${path} in body must be of type ${format}: "float64"`,
        },
        invalid(NIL, '', `Checked value must be of type integer with format ${format} in ${path}`),
      );
      return false;
    }
    this.errors.push({
      type: 'TypeInvalid',
      field: path,
      value: actual,
      detail: `${path} in body must be of type ${type}: ${JSON.stringify(actual)}`,
    });
    if (schema['x-kubernetes-int-or-string'] === true && Array.isArray(schema['anyOf'])) {
      this.errors.push(invalid(NIL, '', `"${path}" must validate at least one schema (anyOf)`), {
        type: 'TypeInvalid',
        field: path,
        value: actual,
        detail: `${path} in body must be of type integer: ${JSON.stringify(actual)}`,
      });
    }
    return false;
  }

  #string(schema: JsonObject, value: string, path: string): void {
    const max = number(schema['maxLength']);
    const min = number(schema['minLength']);
    const pattern = schema['pattern'];
    if (max !== undefined && [...value].length > max) {
      this.errors.push({ type: 'TooLong', field: path, detail: `may not be more than ${max} bytes` });
    } else if (min !== undefined && [...value].length < min) {
      this.errors.push(invalid(path, value, `${path} in body should be at least ${min} chars long`));
    } else if (typeof pattern === 'string' && patternOf(pattern)?.test(value) === false) {
      this.errors.push(invalid(path, value, `${path} in body should match '${pattern}'`));
    }
    const format = schema['format'];
    const check = typeof format === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
    if (check !== undefined && !check(value)) {
      this.typesFailed = true;
      this.errors.push({
        type: 'TypeInvalid',
        field: path,
        value,
        detail: `${path} in body must be of type ${String(format)}: ${JSON.stringify(value)}`,
      });
    }
  }

  #number(schema: JsonObject, value: number, path: string): void {
    const limits: [string, string, (limit: number) => boolean, string][] = [
      ['maximum', 'exclusiveMaximum', (limit) => value > limit, 'less than'],
      ['minimum', 'exclusiveMinimum', (limit) => value < limit, 'greater than'],
    ];
    for (const [name, exclusive, beyond, words] of limits) {
      const limit = number(schema[name]);
      if (limit === undefined) continue;
      const strict = schema[exclusive] === true;
      if (beyond(limit) || (strict && value === limit)) {
        const or = strict ? '' : ' or equal to';
        this.errors.push(invalid(path, value, `${path} in body should be ${words}${or} ${limit}`));
      }
    }
    const multiple = number(schema['multipleOf']);
    if (multiple !== undefined && !Number.isInteger(value / multiple)) {
      this.errors.push(invalid(path, value, `${path} in body should be a multiple of ${multiple}`));
    }
    const format = schema['format'];
    const bits = format === 'int32' ? 31 : undefined;
    if (bits !== undefined && Math.abs(value) > 2 ** bits) {
      this.errors.push(
        invalid(NIL, '', `Checked value must be of type integer with format int32 in ${path}`),
      );
    }
  }

  #list(schema: JsonObject, value: readonly Json[], path: string): void {
    const items = schema['items'];
    if (isObject(items)) value.forEach((item, index) => this.check(items, item, `${path}[${index}]`));
    const max = number(schema['maxItems']);
    const min = number(schema['minItems']);
    if (max !== undefined && value.length > max) {
      this.errors.push({
        type: 'TooMany',
        field: path,
        value: value.length,
        detail: `must have at most ${max} items`,
      });
    }
    if (min !== undefined && value.length < min) {
      this.errors.push(invalid(path, value.length, `${path} in body should have at least ${min} items`));
    }
  }

  #object(schema: JsonObject, value: JsonObject, path: string): void {
    const prefix = path === '' ? '' : `${path}.`;
    const wanted = schema['required'];
    if (Array.isArray(wanted)) {
      for (const name of wanted) {
        if (value[String(name)] === undefined) {
          this.errors.push(required(`${prefix}${String(name)}`));
          this.typesFailed = true;
        }
      }
    }
    const properties = isObject(schema['properties']) ? schema['properties'] : {};
    const additional = schema['additionalProperties'];
    for (const [name, child] of Object.entries(value)) {
      if (child === undefined) continue;
      if (path === '' && (name === 'metadata' || name === 'apiVersion' || name === 'kind')) continue;
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (isObject(property)) this.check(property, child, `${prefix}${name}`);
      else if (isObject(additional)) this.check(additional, child, `${prefix}${name}`);
    }
    const max = number(schema['maxProperties']);
    const count = Object.keys(value).length;
    if (max !== undefined && count > max) {
      this.errors.push({
        type: 'TooMany',
        field: path,
        value: count,
        detail: `must have at most ${max} items`,
      });
    }
    const min = number(schema['minProperties']);
    if (min !== undefined && count < min) {
      this.errors.push(invalid(path, count, `${path} in body should have at least ${min} properties`));
    }
  }

  #combinations(schema: JsonObject, value: Json, path: string): void {
    const passes = (option: Json): boolean => {
      if (!isObject(option)) return true;
      const trial = new Validator();
      trial.check(option, value, path);
      return trial.errors.length === 0;
    };
    const must = (what: string): void => {
      this.errors.push(invalid(NIL, '', `"${path}" must validate ${what}`));
    };
    const { anyOf, oneOf, allOf, not } = schema;
    if (Array.isArray(anyOf) && schema['x-kubernetes-int-or-string'] !== true && !anyOf.some(passes)) {
      must('at least one schema (anyOf)');
    }
    if (Array.isArray(oneOf) && oneOf.filter(passes).length !== 1) must('one and only one schema (oneOf)');
    if (Array.isArray(allOf)) for (const part of allOf) if (isObject(part)) this.check(part, value, path);
    if (isObject(not) && passes(not)) must('not validate the schema (not)');
  }
}

function listErrors(schema: JsonObject, value: Json, path: string, errors: FieldError[]): void {
  if (isKnown(WITHOUT_REPETITIONS, schema, value)) return;
  const before = errors.length;
  addListErrors(schema, value, path, errors);
  if (errors.length === before) know(WITHOUT_REPETITIONS, schema, value);
}

function addListErrors(schema: JsonObject, value: Json, path: string, errors: FieldError[]): void {
  if (Array.isArray(value)) {
    const items = isObject(schema['items']) ? schema['items'] : {};
    const type = schema['x-kubernetes-list-type'];
    if (type === 'set' || type === 'map') {
      const keys = Array.isArray(schema['x-kubernetes-list-map-keys'])
        ? schema['x-kubernetes-list-map-keys'].map(String)
        : [];
      const seen = new Set<string>();
      value.forEach((item, index) => {
        const key =
          type === 'set' || !isObject(item)
            ? item
            : Object.fromEntries(
                keys.filter((name) => item[name] !== undefined).map((name) => [name, item[name]]),
              );
        const text = JSON.stringify(key);
        if (seen.has(text)) errors.push(duplicate(`${path}[${index}]`, key));
        seen.add(text);
      });
    }
    value.forEach((item, index) => listErrors(items, item, `${path}[${index}]`, errors));
  } else if (isObject(value)) {
    const properties = isObject(schema['properties']) ? schema['properties'] : {};
    const additional = isObject(schema['additionalProperties']) ? schema['additionalProperties'] : undefined;
    for (const [name, child] of Object.entries(value)) {
      const property = (Object.hasOwn(properties, name) ? properties[name] : undefined) ?? additional;
      if (isObject(property) && child !== undefined) {
        listErrors(property, child, path === '' ? name : `${path}.${name}`, errors);
      }
    }
  }
}

/** The only rule that the sandbox evaluates: the value may never change. */
export const IMMUTABLE_RULE = /^\s*\(?\s*(self\s*==\s*oldSelf|oldSelf\s*==\s*self)\s*\)?\s*$/;

function ruleErrors(schema: JsonObject, value: Json, old: Json, path: string, errors: FieldError[]): void {
  if (value === old) return;
  const rules = schema['x-kubernetes-validations'];
  if (Array.isArray(rules)) {
    for (const rule of rules) {
      if (!isObject(rule) || deepEqual(value, old)) continue;
      const message =
        typeof rule['message'] === 'string' ? rule['message'] : `failed rule: ${String(rule['rule'])}`;
      errors.push(invalid(path, NO_VALUE, message));
    }
  }
  if (isObject(value) && isObject(old) && isObject(schema['properties'])) {
    for (const [name, property] of Object.entries(schema['properties'])) {
      const [now, before] = [value[name], old[name]];
      if (!isObject(property) || now === undefined || before === undefined) continue;
      ruleErrors(property, now, before, path === '' ? name : `${path}.${name}`, errors);
    }
  }
}

const hasRules = (schema: JsonObject): boolean =>
  schema['x-kubernetes-validations'] !== undefined ||
  [
    ...Object.values(isObject(schema['properties']) ? schema['properties'] : {}),
    schema['items'],
    schema['additionalProperties'],
  ].some((inner) => isObject(inner) && hasRules(inner));

/**
 * `old`: the stored object, for an update. Errors about values that the update leaves as they were are dropped.
 * `besides`: errors that other checks found; the server reports them before it comes to rules.
 */
export function validateCustom(
  schema: JsonObject,
  value: JsonObject,
  old: JsonObject | undefined,
  besides: readonly FieldError[] = [],
): FieldError[] {
  const validator = new Validator();
  validator.check(schema, value, '');
  const { errors } = validator;
  listErrors(schema, value, '', errors);
  if (errors.length > 0 && old !== undefined) {
    const previous = new Validator();
    previous.check(schema, old, '');
    listErrors(schema, old, '', previous.errors);
    const known = new Set(previous.errors.map((error) => JSON.stringify(error)));
    const fresh = errors.filter((error) => !known.has(JSON.stringify(error)));
    if (fresh.length < errors.length)
      validator.typesFailed = fresh.some(
        (error) => error.type === 'TypeInvalid' || error.type === 'Required',
      );
    errors.splice(0, errors.length, ...fresh);
  }
  errors.push(...besides);
  if (errors.length > 0) {
    if (validator.typesFailed && hasRules(schema)) {
      errors.push(
        invalid(
          NIL,
          undefined,
          'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
        ),
      );
    }
    return errors;
  }
  if (old !== undefined) ruleErrors(schema, value, old, '', errors);
  return errors;
}
