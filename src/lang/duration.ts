/**
 * Go durations (`1h30m`, `500ms`, `1.5h`, `-2µs`) with Go's own limits and error texts: signed 64-bit
 * nanoseconds, about 292 years. Pure.
 */

/** `message` is Go's text, e.g. `time: invalid duration "1x"`. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
}

const UNIT_NANOS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n], // U+00B5, micro sign
  ['μs', 1_000n], // U+03BC, Greek letter mu
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);

/** The magnitude of the smallest duration; the largest is one less. */
const LIMIT = 1n << 63n;

/** Longer texts are refused unread: Go would read `0000...1s` of any length, but nobody means that. */
const MAX_LENGTH = 1024;

/** A Go duration in nanoseconds. Throws `DurationError`. */
export function parseDurationNanos(text: string): bigint {
  const invalid = (): DurationError => new DurationError(`time: invalid duration ${goQuote(text)}`);
  if (text.length > MAX_LENGTH) {
    throw new DurationError(`time: invalid duration of ${text.length} characters`);
  }
  const negative = text.startsWith('-');
  let rest = negative || text.startsWith('+') ? text.slice(1) : text;
  if (rest === '0') return 0n;
  if (rest === '') throw invalid();
  let total = 0n;
  while (rest !== '') {
    const [, whole = '', fraction] = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest) ?? [];
    if (whole === '' && (fraction === undefined || fraction === '')) throw invalid();
    let value = BigInt(whole === '' ? '0' : whole);
    if (value > LIMIT) throw invalid();
    rest = rest.slice(whole.length + (fraction === undefined ? 0 : fraction.length + 1));

    const unitText = /^[^.0-9]*/.exec(rest)?.[0] ?? '';
    if (unitText === '') throw new DurationError(`time: missing unit in duration ${goQuote(text)}`);
    const unit = UNIT_NANOS.get(unitText);
    if (unit === undefined) {
      throw new DurationError(`time: unknown unit ${goQuote(unitText)} in duration ${goQuote(text)}`);
    }
    rest = rest.slice(unitText.length);

    if (value > LIMIT / unit) throw invalid();
    value *= unit;
    if (fraction !== undefined) value += fractionNanos(fraction, unit);
    if (value > LIMIT) throw invalid();
    total += value;
    if (total > LIMIT) throw invalid();
  }
  if (!negative && total === LIMIT) throw invalid();
  return negative ? -total : total;
}

/** Go computes the fraction in a float64 and cuts it off; digits beyond 2^63 are ignored. */
function fractionNanos(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    if (value > (LIMIT - 1n) / 10n) break;
    const next = value * 10n + BigInt(digit);
    if (next > LIMIT) break;
    value = next;
    scale *= 10;
  }
  return value === 0n ? 0n : BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

/** A Go duration in milliseconds; finer parts are a fraction. Throws `DurationError` with Go's text. */
export function parseDuration(text: string): number {
  return Number(parseDurationNanos(text)) / 1e6;
}

/** As Go prints a duration: `1h30m0s`, `1.5s`, `500ms`, `250µs`, `0s`. Parts below a nanosecond are rounded. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '<invalid>';
  const nanos = BigInt(Math.round(ms * 1e6));
  return formatDurationNanos(nanos);
}

/** As Go's `Duration.String`. */
export function formatDurationNanos(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  const sign = nanos < 0n ? '-' : '';
  const left = nanos < 0n ? -nanos : nanos;
  if (left < 1_000n) return `${sign}${left}ns`;
  if (left < 1_000_000n) return `${sign}${withFraction(left, 3)}µs`;
  if (left < 1_000_000_000n) return `${sign}${withFraction(left, 6)}ms`;
  const minutes = left / 60_000_000_000n;
  const seconds = `${withFraction(left % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  return minutes < 60n
    ? `${sign}${minutes}m${seconds}`
    : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

function withFraction(value: bigint, digits: number): string {
  const text = value.toString().padStart(digits + 1, '0');
  const fraction = text.slice(-digits).replace(/0+$/, '');
  return fraction === '' ? text.slice(0, -digits) : `${text.slice(0, -digits)}.${fraction}`;
}

/** kubectl's age style with two or three significant figures: `59s`, `2m5s`, `3h`, `5d12h`, `2y30d`. */
export function humanDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '<unknown>';
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 8) return pair(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  return hours < 24 * 365 * 8 ? pair(years, 'y', days % 365, 'd') : `${years}y`;
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** Quotes as Go's time package does in errors: control and non-ASCII bytes as `\xNN`. */
function goQuote(text: string): string {
  let out = '"';
  for (const byte of new TextEncoder().encode(text)) {
    if (byte < 0x20 || byte >= 0x80) out += `\\x${byte.toString(16).padStart(2, '0')}`;
    else if (byte === 0x22 || byte === 0x5c) out += `\\${String.fromCharCode(byte)}`;
    else out += String.fromCharCode(byte);
  }
  return `${out}"`;
}
