/** Text forms that Go gives to numbers and strings, where users see them or compare with them. Pure. */

/** A finite float's shortest digits (no point) and the decimal exponent of its first digit. */
function shortestDigits(x: number): { digits: string; exponent: number } {
  const [mantissa = '0', exponent = '0'] = Math.abs(x).toExponential().split('e');
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) };
}

function nonFinite(x: number): string | undefined {
  if (Number.isNaN(x)) return 'NaN';
  if (x === Infinity) return '+Inf';
  if (x === -Infinity) return '-Inf';
  return undefined;
}

const sign = (x: number): string => (x < 0 || Object.is(x, -0) ? '-' : '');

/** A float as Go's `%v` prints it: `5`, `0.5`, `1e+06`, `1.234567e+06`, `1e-05`, `NaN`, `+Inf` (spec 05 section 7). */
export function formatGoFloat(x: number): string {
  const special = nonFinite(x);
  if (special !== undefined) return special;
  const { digits, exponent } = shortestDigits(x);
  if (exponent >= -4 && exponent < 6) return formatGoDecimal(x);
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const width = String(Math.abs(exponent)).padStart(2, '0');
  return `${sign(x)}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${width}`;
}

/** A float without an exponent and with the fewest digits that read back equal (Go's `'f', -1`; Prometheus sample values). */
export function formatGoDecimal(x: number): string {
  const special = nonFinite(x);
  if (special !== undefined) return special;
  const { digits, exponent } = shortestDigits(x);
  if (exponent < 0) return `${sign(x)}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return `${sign(x)}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A float with so many digits after the point (Go's `%.2f`, `%f` with 6): exact ties go to the even digit. */
export function formatGoFixed(x: number, digits: number): string {
  const special = nonFinite(x);
  if (special !== undefined) return special;
  const magnitude = Math.abs(x);
  // toFixed writes an exponent from here on; there is no fraction that far out.
  if (magnitude >= 1e21) {
    const zeros = digits === 0 ? '' : `.${'0'.repeat(digits)}`;
    return `${sign(x)}${BigInt(magnitude)}${zeros}`;
  }
  const exact = magnitude.toFixed(Math.min(digits + 60, 100));
  const point = exact.indexOf('.');
  const isTie = /^50*$/.test(exact.slice(point + 1 + digits));
  if (!isTie) return sign(x) + magnitude.toFixed(digits);
  const down = exact.slice(0, point + (digits === 0 ? 0 : 1 + digits));
  return sign(x) + (/[02468]$/.test(down) ? down : magnitude.toFixed(digits));
}

/** A finite float as Go's encoding/json prints it: an exponent only below 1e-6 or from 1e21 on. */
export function formatGoJsonNumber(x: number): string {
  return Object.is(x, -0) ? '-0' : String(x);
}

const QUOTE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
  ['"', '\\"'],
]);

/** A string in double quotes with Go's escapes (`%q`). */
export function quoteGo(text: string): string {
  let out = '"';
  for (const char of text) out += QUOTE_ESCAPES.get(char) ?? (isPrintable(char) ? char : escapeRune(char));
  return `${out}"`;
}

/** Whether Go would print the character as it is (letters, marks, numbers, punctuation, symbols and the ASCII space). */
export function isPrintable(char: string): boolean {
  return char === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);
}

function escapeRune(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}
