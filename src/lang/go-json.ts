/** Texts as Go's `encoding/json` writes them, byte for byte: hashes are made of them. Pure. */

const NEEDS_ESCAPE = /[<>&\u2028\u2029]|\p{Surrogate}/u;
const ESCAPED = /[<>&\u2028\u2029]/g;

/** A JSON string with `<`, `>`, `&`, U+2028 and U+2029 escaped; lone surrogates become U+FFFD. */
export function goJsonString(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return JSON.stringify(text);
  return JSON.stringify(text.toWellFormed()).replace(
    ESCAPED,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Go sorts map keys by their UTF-8 bytes, which is the order of code points. */
export function compareGoKeys(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates stand for code points above all others.
    const [xHigh, yHigh] = [(x & 0xf800) === 0xd800, (y & 0xf800) === 0xd800];
    return xHigh === yHigh ? x - y : xHigh ? 1 : -1;
  }
  return a.length - b.length;
}

/** Any JSON value with keys sorted, as Go writes a `map[string]any`. Undefined values count as absent. */
export function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => goJson(item ?? null)).join(',')}]`;
  if (typeof value === 'string') return goJsonString(value);
  if (typeof value === 'number') return goJsonNumber(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const object = value as Record<string, unknown>;
  const parts = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort(compareGoKeys)
    .map((key) => `${goJsonString(key)}:${goJson(object[key])}`);
  return `{${parts.join(',')}}`;
}

/** JavaScript and Go agree on the digits and on when to use an exponent; only Go shows the sign of -0. */
export function goJsonNumber(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : 'null';
}
