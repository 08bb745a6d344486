/**
 * Kubernetes quantities (`500m`, `1Gi`, `12e6`), kept exactly as `k8s.io/apimachinery` keeps them: the
 * canonical form enters the pod-template hash, so its peculiarities are reproduced and checked against
 * Go (`test/lang/go`). Pure.
 */

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** The value is `unscaled * 10^exponent`. */
export interface Quantity {
  readonly unscaled: bigint;
  readonly exponent: number;
  readonly format: QuantityFormat;
  /** The text as written, where Go takes it for canonical and prints it unchanged (`1.500`, `01Ki`). */
  readonly text?: string | undefined;
}

export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const WRONG_FORMAT =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const WRONG_NUMBER = 'unable to parse numeric part of quantity';
const WRONG_SUFFIX = "unable to parse quantity's suffix";

const DECIMAL_EXPONENTS: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const BINARY_EXPONENTS: ReadonlyMap<string, number> = new Map([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
]);
const DECIMAL_SUFFIXES = new Map([...DECIMAL_EXPONENTS].map(([suffix, exponent]) => [exponent, suffix]));
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

const NANO = -9;
const MILLI = -3;
const MAX_INT64 = (1n << 63n) - 1n;
/** Longer texts are refused: a number of more digits is no amount of anything. */
const MAX_LENGTH = 512;

/** Sign, digits, digits after the point, suffix. All parts may be empty: Go reads `m` and `.` as zero. */
const SHAPE = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/;

/** Throws `QuantityError` with Kubernetes' text. A JSON number is read as Go prints it. */
export function parseQuantity(value: string | number): Quantity {
  const text = typeof value === 'number' ? String(value) : value;
  if (text.length > MAX_LENGTH) throw new QuantityError(`quantity of ${text.length} characters is too long`);
  const match = text === '' ? null : SHAPE.exec(text);
  if (match === null) throw new QuantityError(WRONG_FORMAT);
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  const significant = whole.replace(/^0+/, '') || '0';
  const negative = sign === '-';

  const decimal = DECIMAL_EXPONENTS.get(suffix);
  const binary = BINARY_EXPONENTS.get(suffix);
  let format: QuantityFormat = 'DecimalSI';
  let power = decimal ?? binary;
  if (binary !== undefined) format = 'BinarySI';
  if (power === undefined) {
    if (!/^[eE][-+]?[0-9]+$/.test(suffix)) throw new QuantityError(WRONG_SUFFIX);
    const exponent = BigInt(suffix.slice(1).replace('+', ''));
    if (exponent > MAX_INT64 || exponent < -MAX_INT64 - 1n) throw new QuantityError(WRONG_SUFFIX);
    format = 'DecimalExponent';
    power = Number(BigInt.asIntN(32, exponent)); // Go cuts it to 32 bits
  }

  const digits = significant + fraction;
  const magnitude = BigInt(digits);
  // Go reads a lone suffix as zero, where its fast path does.
  const nothing = whole === '' && fraction === '';
  if (format === 'BinarySI') {
    const exact = magnitude << BigInt(power);
    // The conditions of Go's fast path, which alone keeps the text as written.
    const fast =
      fraction === '' &&
      15 - significant.length - Math.trunc((power * 3) / 10) - 1 >= 0 &&
      exact <= MAX_INT64;
    if (fast) {
      const asWritten = (magnitude & 7n) !== 0n ? text : undefined;
      return { unscaled: negative ? -exact : exact, exponent: 0, format, text: asWritten };
    }
    if (nothing) throw new QuantityError(WRONG_NUMBER);
    return slow(negative, exact, -fraction.length, format);
  }
  const exponent = power - fraction.length;
  if (digits.length <= 18 && exponent >= NANO) {
    const canonical = exponent % 3 === 0 && !digits.endsWith('000') && !digits.startsWith('0');
    return {
      unscaled: negative ? -magnitude : magnitude,
      exponent,
      format,
      text: canonical ? text : undefined,
    };
  }
  if (nothing) throw new QuantityError(WRONG_NUMBER);
  return slow(negative, magnitude, exponent, format);
}

/** More digits or finer parts than 64 bits hold: rounded up to a nano, binary ones capped at 2^63-1. */
function slow(negative: boolean, magnitude: bigint, exponent: number, format: QuantityFormat): Quantity {
  let unscaled = magnitude;
  let scale = exponent;
  if (scale < NANO && unscaled !== 0n) {
    unscaled = divideUp(unscaled, NANO - scale);
    scale = NANO;
  }
  const value = { unscaled, exponent: scale };
  let kept = format;
  if (format === 'BinarySI') {
    if (compareAmounts(value, { unscaled: MAX_INT64, exponent: 0 }) > 0) {
      unscaled = MAX_INT64;
      scale = 0;
    } else if (unscaled > 0n && compareAmounts(value, { unscaled: 1n, exponent: 0 }) < 0) {
      kept = 'DecimalSI';
    }
  }
  return { unscaled: negative ? -unscaled : unscaled, exponent: scale, format: kept };
}

/** Division of a positive number by 10^places, rounded up; never builds a larger power than it needs. */
function divideUp(value: bigint, places: number): bigint {
  if (value.toString().length <= places) return 1n;
  const divisor = 10n ** BigInt(places);
  return (value + divisor - 1n) / divisor;
}

/** The text as the API server stores it: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`. */
export function canonicalQuantity(value: string | number): string {
  return formatQuantity(parseQuantity(value));
}

export function formatQuantity(quantity: Quantity): string {
  if (quantity.text !== undefined) return quantity.text;
  if (quantity.unscaled === 0n) return '0';
  if (quantity.format === 'BinarySI') {
    const whole = wholeNumber(quantity);
    if (whole !== undefined && (whole >= 1024n || whole <= -1024n)) return formatBinary(whole);
  }
  const [mantissa, exponent] = byThousands(quantity);
  if (quantity.format === 'DecimalExponent') {
    return exponent === 0 ? mantissa.toString() : `${mantissa}e${exponent}`;
  }
  // Go prints no suffix where it has none (1000E becomes 1): reproduced, since hashes depend on it.
  return `${mantissa}${DECIMAL_SUFFIXES.get(exponent) ?? ''}`;
}

function formatBinary(whole: bigint): string {
  let value = whole;
  let power = 0;
  while (value % 1024n === 0n && power < BINARY_SUFFIXES.length - 1) {
    value /= 1024n;
    power++;
  }
  return `${value}${BINARY_SUFFIXES[power]}`;
}

/** Only quantities parsed with a binary suffix come here; their exponent is never positive. */
function wholeNumber(quantity: Quantity): bigint | undefined {
  const divisor = 10n ** BigInt(-quantity.exponent);
  return quantity.unscaled % divisor === 0n ? quantity.unscaled / divisor : undefined;
}

/** Mantissa and exponent with the exponent the largest multiple of three that keeps the mantissa whole. */
function byThousands(quantity: Quantity): [mantissa: bigint, exponent: number] {
  let { unscaled, exponent } = stripZeros(quantity);
  while (exponent % 3 !== 0) {
    unscaled *= 10n;
    exponent--;
  }
  return [unscaled, exponent];
}

function stripZeros(amount: Amount): Amount {
  const text = amount.unscaled.toString();
  const zeros = text.length - text.replace(/0+$/, '').length;
  return { unscaled: BigInt(text.slice(0, text.length - zeros)), exponent: amount.exponent + zeros };
}

type Amount = Pick<Quantity, 'unscaled' | 'exponent'>;

/** Negative, zero or positive. Throws `QuantityError` for what is no quantity. */
export function compareQuantities(a: string | number, b: string | number): number {
  return compareAmounts(parseQuantity(a), parseQuantity(b));
}

/** By value, whatever the format. */
export function compareAmounts(a: Amount, b: Amount): number {
  if (a.exponent === b.exponent) return sign(a.unscaled - b.unscaled);
  const signs = sign(a.unscaled) - sign(b.unscaled);
  if (signs !== 0 || a.unscaled === 0n) return Math.sign(signs);
  // The same sign: first by order of magnitude, so that 1e2000000000 builds no number of that length.
  const order = magnitude(a) - magnitude(b);
  if (order !== 0) return Math.sign(order) * sign(a.unscaled);
  const low = Math.min(a.exponent, b.exponent);
  return sign(a.unscaled * 10n ** BigInt(a.exponent - low) - b.unscaled * 10n ** BigInt(b.exponent - low));
}

const sign = (value: bigint): number => (value > 0n ? 1 : value < 0n ? -1 : 0);
const magnitude = (amount: Amount): number =>
  amount.unscaled.toString().replace('-', '').length + amount.exponent;

/** The same text for equal amounts, whatever their format: for comparisons only. */
export function quantityValue(value: string | number): string {
  const quantity = parseQuantity(value);
  if (quantity.unscaled === 0n) return '0';
  const { unscaled, exponent } = stripZeros(quantity);
  return `${unscaled}e${exponent}`;
}

/** Rounded away from zero to thousandths, as the API server stores amounts of resources; canonical. */
export function roundUpToMilli(value: string | number): string {
  const quantity = parseQuantity(value);
  if (quantity.exponent >= MILLI) return formatQuantity(quantity);
  const negative = quantity.unscaled < 0n;
  const rounded = divideUp(negative ? -quantity.unscaled : quantity.unscaled, MILLI - quantity.exponent);
  const unscaled = quantity.unscaled === 0n ? 0n : negative ? -rounded : rounded;
  return formatQuantity({ unscaled, exponent: MILLI, format: quantity.format });
}
