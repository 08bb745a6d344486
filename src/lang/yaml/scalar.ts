/**
 * What a plain scalar means to Kubernetes, which reads YAML through sigs.k8s.io/yaml: booleans, octal
 * and underscores as YAML 1.1, no sexagesimal numbers, and timestamps stay text.
 */

const CONSTANTS: ReadonlyMap<string, null | boolean | number> = new Map<string, null | boolean | number>([
  ...['', '~', 'null', 'Null', 'NULL'].map((text) => [text, null] as const),
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map(
    (text) => [text, true] as const,
  ),
  ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map(
    (text) => [text, false] as const,
  ),
  ...['.nan', '.NaN', '.NAN'].map((text) => [text, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((text) => [text, Infinity] as const),
  ...['-.inf', '-.Inf', '-.INF'].map((text) => [text, -Infinity] as const),
]);

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;

/** Longer texts are no numbers; keeps the conversion of digits cheap. */
const MAX_NUMBER = 400;

export type Resolved =
  | { kind: 'null'; value: null }
  | { kind: 'bool'; value: boolean }
  | { kind: 'int'; value: bigint }
  | { kind: 'float'; value: number }
  | { kind: 'string'; value: string };

export function resolvePlain(text: string): Resolved {
  const constant = CONSTANTS.get(text);
  if (constant === null) return { kind: 'null', value: null };
  if (typeof constant === 'boolean') return { kind: 'bool', value: constant };
  if (typeof constant === 'number') return { kind: 'float', value: constant };
  return resolveNumber(text) ?? { kind: 'string', value: text };
}

function resolveNumber(text: string): Resolved | undefined {
  if (text.length > MAX_NUMBER || !/^[-+.0-9]/.test(text)) return undefined;
  // A leading point admits no underscores, digits first do.
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  const match = INTEGER.exec(plain);
  if (match !== null) {
    const [, sign, hex, binary, octal, decimal] = match;
    const magnitude = BigInt(
      hex !== undefined
        ? `0x${hex}`
        : binary !== undefined
          ? `0b${binary}`
          : octal !== undefined
            ? `0o${octal}`
            : (decimal as string),
    );
    const value = sign === '-' ? -magnitude : magnitude;
    // ParseInt takes a sign, ParseUint takes none.
    const limit = sign === '' ? (1n << 64n) - 1n : (1n << 63n) - 1n;
    if (value <= limit && value >= -(1n << 63n)) return { kind: 'int', value };
  }
  if (!FLOAT.test(plain)) return undefined;
  const value = Number(plain);
  return Number.isFinite(value) ? { kind: 'float', value } : undefined;
}

/** `1:30`: a number of base 60 to YAML 1.1 readers other than Kubernetes. */
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
/** What YAML 1.1 readers take for a date or a time. */
const TIMESTAMP = /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt ])/;

/** May the text stand without quotes and stay the same text, to Kubernetes and to readers of plain YAML 1.1 and 1.2? */
export function staysText(text: string): boolean {
  if (text === '<<' || text === '=') return false;
  if (BASE_60.test(text) || TIMESTAMP.test(text)) return false;
  return resolvePlain(text).kind === 'string' && !FLOAT.test(text);
}

/** As Go's `strconv.FormatFloat(value, 'g', -1, bits)`: `1e+06`, `0.5`, `1e-05`. */
export function formatGoFloat(value: number, bits: 32 | 64 = 64): string {
  if (Number.isNaN(value)) return '.nan';
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  let shortest = value.toExponential();
  if (bits === 32) {
    const single = Math.fround(value);
    if (!Number.isFinite(single)) return value > 0 ? '.inf' : '-.inf';
    for (let digits = 0; digits <= 9; digits++) {
      shortest = value.toExponential(digits);
      if (Math.fround(Number(shortest)) === single) break;
    }
  }
  const [mantissa = '', power = '0'] = shortest.split('e');
  const negative = mantissa.startsWith('-');
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '') || '0';
  const exponent = Number(power);
  const sign = negative ? '-' : '';
  if (exponent < -4 || exponent >= 6) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const order = Math.abs(exponent).toString().padStart(2, '0');
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${order}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? sign + whole : `${sign}${whole}.${fraction}`;
}
