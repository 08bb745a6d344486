/** Walks raw JSON whose types nobody has checked, and collects what is wrong. Pure. */

import {
  duplicate,
  forbidden,
  invalid,
  notSupported,
  required,
  type FieldError,
} from '../../../api/field-error.ts';
import { isObject } from '../../../lang/json.ts';

/** More would only be noise: users see the first one. */
const MAX_ERRORS = 200;

/**
 * A value at a path. Null counts as absent. A value of the wrong type is reported once, where it is read, and then
 * counts as absent, too.
 */
export class Field {
  readonly value: unknown;
  readonly path: string;
  readonly errors: FieldError[];

  constructor(value: unknown, path: string, errors: FieldError[]) {
    this.value = value === null ? undefined : value;
    this.path = path;
    this.errors = errors;
  }

  /** Whether the field is set, to a value of whatever type. */
  get present(): boolean {
    return this.value !== undefined;
  }

  /** The same value, reported at another path. */
  at(path: string): Field {
    return new Field(this.value, path, this.errors);
  }

  child(key: string): Field {
    const own = isObject(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined;
    return new Field(own, `${this.path}.${key}`, this.errors);
  }

  /** The text, or '' where there is none. */
  text(): string {
    if (this.value === undefined) return '';
    if (typeof this.value === 'string') return this.value;
    this.invalid('must be a string');
    return '';
  }

  /** The integer, or undefined where there is none. */
  integer(): number | undefined {
    if (this.value === undefined || Number.isSafeInteger(this.value)) return this.value as number | undefined;
    this.invalid('must be an integer');
    return undefined;
  }

  items(): Field[] {
    if (this.value === undefined) return [];
    if (!Array.isArray(this.value)) {
      this.invalid('must be a list');
      return [];
    }
    return this.value.map((item, index) => {
      const field = new Field(item, `${this.path}[${index}]`, this.errors);
      if (!isObject(field.value) && field.present) field.invalid('must be an object');
      return field;
    });
  }

  texts(): Field[] {
    if (this.value === undefined) return [];
    if (!Array.isArray(this.value)) {
      this.invalid('must be a list');
      return [];
    }
    return this.value.map((item, index) => new Field(item, `${this.path}[${index}]`, this.errors));
  }

  /** Keys and values of a map, sorted by key; each value's path is `map[key]`. */
  entries(): [string, Field][] {
    if (!this.isObject()) return [];
    return Object.entries(this.value as object)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, new Field(value, `${this.path}[${key}]`, this.errors)]);
  }

  /** Whether it is an object; reports any other value. */
  isObject(): boolean {
    if (this.value !== undefined && !isObject(this.value)) this.invalid('must be an object');
    return isObject(this.value);
  }

  invalid(detail: string, value: unknown = this.value): void {
    this.add(invalid(this.path, value, detail));
  }
  required(detail = ''): void {
    this.add(required(this.path, detail));
  }
  forbidden(detail: string): void {
    this.add(forbidden(this.path, detail));
  }
  duplicate(value: unknown = this.value): void {
    this.add(duplicate(this.path, value));
  }
  notSupported(supported: readonly string[]): void {
    this.add(notSupported(this.path, this.value, supported));
  }
  /** Each of `details` is one error about this value. */
  invalidFor(details: readonly string[], value: unknown = this.value): void {
    for (const detail of details) this.invalid(detail, value);
  }
  add(error: FieldError): void {
    if (this.errors.length < MAX_ERRORS) this.errors.push(error);
  }
}

/** Reports a number below zero. */
export function nonNegative(field: Field): void {
  const value = field.integer();
  if (value !== undefined && value < 0) field.invalid('must be greater than or equal to 0');
}
