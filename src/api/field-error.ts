/** Errors about one field, with Kubernetes' types and text (spec 01 section 3). Pure. */

export type FieldErrorType =
  | 'Required'
  | 'Invalid'
  | 'NotSupported'
  | 'Duplicate'
  | 'Forbidden'
  | 'NotFound'
  | 'TooLong'
  | 'TooMany'
  | 'Internal';

export interface FieldError {
  /** `spec.strategy.steps[1].setWeight`. */
  field: string;
  type: FieldErrorType;
  /** The bad value; printed for the types that have one. */
  value?: unknown;
  detail: string;
}

const TITLES: Record<FieldErrorType, string> = {
  Required: 'Required value',
  Invalid: 'Invalid value',
  NotSupported: 'Unsupported value',
  Duplicate: 'Duplicate value',
  Forbidden: 'Forbidden',
  NotFound: 'Not found',
  TooLong: 'Too long',
  TooMany: 'Too many',
  Internal: 'Internal error',
};

/** The longest value that is worth showing in a condition. */
const MAX_VALUE_LENGTH = 512;

export const required = (field: string, detail: string): FieldError => ({ field, type: 'Required', detail });
export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  field,
  type: 'Invalid',
  value,
  detail,
});
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  field,
  type: 'NotSupported',
  value,
  detail: `supported values: ${supported.map((item) => JSON.stringify(item)).join(', ')}`,
});
export const duplicate = (field: string, value: unknown): FieldError => ({
  field,
  type: 'Duplicate',
  value,
  detail: '',
});
export const forbidden = (field: string, detail: string): FieldError => ({
  field,
  type: 'Forbidden',
  detail,
});
export const notFound = (field: string, value: unknown): FieldError => ({
  field,
  type: 'NotFound',
  value,
  detail: '',
});
export const internal = (field: string, detail: string): FieldError => ({ field, type: 'Internal', detail });

/** `spec.replicas: Invalid value: -1: must be greater than or equal to 0`. */
export function formatFieldError(error: FieldError): string {
  const withoutValue =
    error.type === 'Required' ||
    error.type === 'Forbidden' ||
    error.type === 'Internal' ||
    error.type === 'TooLong';
  const head = `${error.field}: ${TITLES[error.type]}`;
  const body = withoutValue ? head : `${head}: ${printValue(error.value)}`;
  return error.detail === '' ? body : `${body}: ${error.detail}`;
}

/** Texts in double quotes, numbers and booleans raw, all else as JSON. */
function printValue(value: unknown): string {
  if (value === undefined) return 'null';
  const text = JSON.stringify(value) ?? 'null';
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH)}...` : text;
}
