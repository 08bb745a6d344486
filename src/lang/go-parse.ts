/** Reads numbers as Go's strconv does, with its error texts. Pure. */

import { quoteGo } from './go-format.ts';

export class NumberSyntaxError extends Error {
  override name = 'NumberSyntaxError';
}

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

function failure(caller: string, text: string, reason: string): NumberSyntaxError {
  return new NumberSyntaxError(`strconv.${caller}: parsing ${quoteGo(text)}: ${reason}`);
}

/** A signed 64-bit integer in base 10. `caller` is the function that Go's error text would name. */
export function parseGoInt(text: string, caller: 'ParseInt' | 'Atoi' = 'ParseInt'): bigint {
  if (!/^[+-]?[0-9]+$/.test(text)) throw failure(caller, text, 'invalid syntax');
  return inRange(BigInt(text.replace(/^\+/, '')), caller, text);
}

/** An integer literal with the prefix `0x`, `0o` or `0b`. */
export function parseGoPrefixedInt(text: string): bigint {
  const digits = { x: /^0[xX][0-9a-fA-F]+$/, o: /^0[oO][0-7]+$/, b: /^0[bB][01]+$/ };
  if (!Object.values(digits).some((pattern) => pattern.test(text))) {
    throw failure('ParseInt', text, 'invalid syntax');
  }
  return inRange(BigInt(text.toLowerCase()), 'ParseInt', text);
}

function inRange(value: bigint, caller: string, text: string): bigint {
  if (value > MAX_INT64 || value < MIN_INT64) throw failure(caller, text, 'value out of range');
  return value;
}

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const HEX = /^([+-]?)0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?[0-9]+)$/;

/** A 64-bit float: decimal, hexadecimal with a binary exponent, `inf`, `infinity` or `nan` in any case. */
export function parseGoFloat(text: string): number {
  // Underscores may part digits.
  const digits = text.replaceAll(/(?<=[0-9a-fA-F])_(?=[0-9a-fA-F])/g, '').replace(/^([+-]?0[xX])_/, '$1');
  if (DECIMAL.test(digits)) return finite(Number(digits), text);
  const hex = HEX.exec(digits);
  if (hex !== null) {
    const [, sign, whole = '', fraction = '', exponent = '0'] = hex;
    if (whole + fraction !== '') {
      const magnitude =
        Number(BigInt(`0x${whole}${fraction}`)) * 2 ** (Number(exponent) - 4 * fraction.length);
      return finite(sign === '-' ? -magnitude : magnitude, text);
    }
  }
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special === null) throw failure('ParseFloat', text, 'invalid syntax');
  const isNaNText = (special[2] ?? '').toLowerCase() === 'nan';
  if (isNaNText && special[1] !== '') throw failure('ParseFloat', text, 'invalid syntax');
  if (isNaNText) return NaN;
  return special[1] === '-' ? -Infinity : Infinity;
}

function finite(value: number, text: string): number {
  if (!Number.isFinite(value)) throw failure('ParseFloat', text, 'value out of range');
  return value;
}
