/** Failures in the words of the real API server (`Status` objects) and of its field validation. */

import type { JsonObject } from '../../lang/json.ts';
import { quoteGo } from '../../lang/go-format.ts';
import { ApiError } from '../../kube/api.ts';

/** What an error text names as the resource: `rollouts.argoproj.io`, or `pods` in the core group. */
export interface Qualified {
  readonly group: string;
  readonly plural: string;
}

export const qualifiedName = (of: Qualified): string =>
  of.group === '' ? of.plural : `${of.plural}.${of.group}`;

export type FieldErrorType =
  | 'Required'
  | 'Invalid'
  | 'NotSupported'
  | 'Duplicate'
  | 'Forbidden'
  | 'TooLong'
  | 'TooMany'
  | 'TypeInvalid'
  | 'NotFound';

export interface FieldError {
  readonly type: FieldErrorType;
  /** `spec.ports[0].name`. */
  readonly field: string;
  readonly value?: unknown;
  readonly detail: string;
}

const REASONS: Record<FieldErrorType, string> = {
  Required: 'FieldValueRequired',
  Invalid: 'FieldValueInvalid',
  NotSupported: 'FieldValueNotSupported',
  Duplicate: 'FieldValueDuplicate',
  Forbidden: 'FieldValueForbidden',
  TooLong: 'FieldValueTooLong',
  TooMany: 'FieldValueTooMany',
  TypeInvalid: 'FieldValueTypeInvalid',
  NotFound: 'FieldValueNotFound',
};

const WORDS: Record<FieldErrorType, string> = {
  Required: 'Required value',
  Invalid: 'Invalid value',
  NotSupported: 'Unsupported value',
  Duplicate: 'Duplicate value',
  Forbidden: 'Forbidden',
  TooLong: 'Too long',
  TooMany: 'Too many',
  TypeInvalid: 'Invalid value',
  NotFound: 'Not found',
};

const WITHOUT_VALUE = new Set<FieldErrorType>(['Required', 'Forbidden', 'TooLong']);

/** A value as the server prints it: strings in quotes, everything else as JSON. */
export const printValue = (value: unknown): string =>
  value === undefined ? 'null' : typeof value === 'string' ? quoteGo(value) : JSON.stringify(value);

/** The part of the text behind the field: `Invalid value: "x": must be ...`. */
export function fieldErrorMessage(error: FieldError): string {
  let text = WORDS[error.type];
  if (!WITHOUT_VALUE.has(error.type)) {
    text += error.value === NO_VALUE ? '' : `: ${printValue(error.value)}`;
  }
  return error.detail === '' ? text : `${text}: ${error.detail}`;
}

/** Marks an error whose text leaves the value out, as those of CEL rules do. */
export const NO_VALUE: unique symbol = Symbol('no value');

export const required = (field: string, detail = ''): FieldError => ({ type: 'Required', field, detail });
export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'Invalid',
  field,
  value,
  detail,
});
export const forbiddenField = (field: string, detail: string): FieldError => ({
  type: 'Forbidden',
  field,
  detail,
});
export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'Duplicate',
  field,
  value,
  detail: '',
});
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'NotSupported',
  field,
  value,
  detail: `supported values: ${supported.map((item) => JSON.stringify(item)).join(', ')}`,
});

function failure(
  code: number,
  reason: string,
  message: string,
  details?: JsonObject,
  retryAfterMs?: number,
): ApiError {
  return new ApiError({ code, reason, message, ...(details === undefined ? {} : { details }) }, retryAfterMs);
}

const detailsOf = (of: Qualified, name: string): JsonObject => ({
  ...(name === '' ? {} : { name }),
  ...(of.group === '' ? {} : { group: of.group }),
  kind: of.plural,
});

export const notFound = (of: Qualified, name: string): ApiError =>
  failure(404, 'NotFound', `${qualifiedName(of)} "${name}" not found`, detailsOf(of, name));

/** No such path: the resource, version or subresource is not served. */
export const noSuchResource = (): ApiError =>
  failure(404, 'NotFound', 'the server could not find the requested resource', {});

export const alreadyExists = (of: Qualified, name: string, more = ''): ApiError =>
  failure(409, 'AlreadyExists', `${qualifiedName(of)} "${name}" already exists${more}`, detailsOf(of, name));

export const conflict = (of: Qualified, name: string, why: string): ApiError =>
  failure(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedName(of)} "${name}": ${why}`,
    detailsOf(of, name),
  );

export const OBJECT_MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

/** `subject`: the kind (`Widget.example.com`), as validation errors name it. */
export function invalidObject(
  kind: { group: string; kind: string },
  name: string,
  errors: readonly FieldError[],
): ApiError {
  const texts = errors.map((error) => `${error.field}: ${fieldErrorMessage(error)}`);
  const unique = [...new Set(texts)];
  const list = unique.length === 1 ? unique[0] : `[${unique.join(', ')}]`;
  const subject = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  return failure(422, 'Invalid', `${subject} "${name}" is invalid: ${list}`, {
    ...(name === '' ? {} : { name }),
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: errors.map((error) => ({
      reason: REASONS[error.type],
      message: fieldErrorMessage(error),
      field: error.field,
    })),
  });
}

export const badRequest = (message: string): ApiError => failure(400, 'BadRequest', message);

export const forbidden = (of: Qualified, name: string, why: string, causes?: JsonObject[]): ApiError =>
  failure(403, 'Forbidden', `${qualifiedName(of)} "${name}" is forbidden: ${why}`, {
    ...detailsOf(of, name),
    ...(causes === undefined ? {} : { causes }),
  });

export const expired = (message: string): ApiError => failure(410, 'Expired', message);

export const methodNotAllowed = (
  message = 'the server does not allow this method on the requested resource',
): ApiError => failure(405, 'MethodNotAllowed', message, {});

export const unsupportedMediaType = (accepted: readonly string[]): ApiError =>
  failure(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

/** The patch itself could not be carried out on this object. */
export const unprocessablePatch = (): ApiError =>
  failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {});

export const internalError = (message: string): ApiError => failure(500, '', message);

export const notImplemented = (message: string): ApiError => failure(501, 'NotImplemented', message);

export const tooManyRequests = (message: string, retryAfterMs?: number, details?: JsonObject): ApiError =>
  failure(429, 'TooManyRequests', message, details, retryAfterMs);

export const applyConflict = (message: string, causes: JsonObject[]): ApiError =>
  failure(409, 'Conflict', message, { causes });
