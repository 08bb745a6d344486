/** Instants, durations and zones with Go's arithmetic (nanoseconds in 64 bits) and Go's text forms. */

/** A zone: seconds east of UTC and the abbreviation at an instant (ns since 1970). */
export interface GoLocation {
  readonly name: string;
  readonly offsetAt: (ns: bigint) => number;
  readonly abbreviationAt: (ns: bigint) => string;
}

export interface GoTime {
  /** Nanoseconds since 1970-01-01 UTC. */
  readonly ns: bigint;
  readonly zone: GoLocation;
}

export interface GoDuration {
  readonly nanoseconds: bigint;
}

export const UTC: GoLocation = { name: 'UTC', offsetAt: () => 0, abbreviationAt: () => 'UTC' };
/** The zero instant of Go: year 1. */
export const ZERO_TIME_NS = -62_135_596_800n * 1_000_000_000n;

export const timeAt = (ns: bigint, zone: GoLocation = UTC): GoTime => ({ ns, zone });
export const durationOf = (ns: bigint): GoDuration => ({ nanoseconds: BigInt.asIntN(64, ns) });

export const fixedZone = (name: string, seconds: number): GoLocation => ({
  name,
  offsetAt: () => seconds,
  abbreviationAt: () => name,
});

const SECOND = 1_000_000_000n;
const zones = new Map<string, GoLocation>();

/** An IANA zone, or undefined where there is none of that name. "" and "UTC" are UTC, and so is "Local" here. */
export function loadZone(name: string): GoLocation | undefined {
  if (name === '' || name === 'UTC' || name === 'Local') return UTC;
  if (!/^[A-Za-z][\w+-]*(?:\/[\w+-]+)*$/.test(name)) return undefined;
  const known = zones.get(name);
  if (known !== undefined) return known;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    return undefined;
  }
  const offsetAt = (ns: bigint): number => offsetOf(format, ns);
  const abbreviationAt = (ns: bigint): string => abbreviationOf(name, ns) ?? offsetText(offsetAt(ns), false);
  const zone: GoLocation = { name, offsetAt, abbreviationAt };
  if (zones.size < 1000) zones.set(name, zone);
  return zone;
}

/** The abbreviation in the English of some country; most zones have one in at least one of them. */
function abbreviationOf(timeZone: string, ns: bigint): string | undefined {
  for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA']) {
    const format = new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' });
    const ms = Math.max(-8.6e15, Math.min(8.6e15, Number(ns / 1_000_000n)));
    const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    if (/^[A-Z]{2,5}$/.test(name)) return name;
  }
  return undefined;
}

function offsetOf(format: Intl.DateTimeFormat, ns: bigint): number {
  const seconds = Number(floorDiv(ns, SECOND));
  if (Math.abs(seconds) > 8.6e12) return 0;
  const parts = new Map(format.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type) ?? '0');
  const year = parts.get('era') === 'BC' ? 1 - part('year') : part('year');
  const local =
    daysFromCivil(year, part('month'), part('day')) * 86_400 +
    part('hour') * 3600 +
    part('minute') * 60 +
    part('second');
  return local - seconds;
}

/** `+02`, `-0330`: what stands for an abbreviation; `+02:00` with `full`. */
export function offsetText(seconds: number, full: boolean): string {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const hh = String(Math.floor(minutes / 60)).padStart(2, '0');
  const mm = String(minutes % 60).padStart(2, '0');
  return `${seconds < 0 ? '-' : '+'}${hh}${full ? `:${mm}` : mm === '00' ? '' : mm}`;
}

export const floorDiv = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b;

/** Days since 1970-01-01 of a day in the proleptic Gregorian calendar; months and days may run over. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = year + Math.floor((month - 1) / 12);
  const m = ((((month - 1) % 12) + 12) % 12) + 1;
  const shifted = m <= 2 ? y - 1 : y;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (m + (m > 2 ? -3 : 9)) + 2) / 5);
  return (
    era * 146_097 +
    yearOfEra * 365 +
    Math.floor(yearOfEra / 4) -
    Math.floor(yearOfEra / 100) +
    dayOfYear +
    day -
    1 -
    719_468
  );
}

export interface Civil {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  nanosecond: number;
  weekday: number;
  yearDay: number;
  offset: number;
}

export function civilOf(time: GoTime): Civil {
  const offset = time.zone.offsetAt(time.ns);
  const total = floorDiv(time.ns, SECOND);
  const nanosecond = Number(time.ns - total * SECOND);
  const local = Number(total) + offset;
  const days = Math.floor(local / 86_400);
  const inDay = local - days * 86_400;
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted + (shifted < 10 ? 3 : -9);
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return {
    year,
    month,
    day,
    hour: Math.floor(inDay / 3600),
    minute: Math.floor((inDay % 3600) / 60),
    second: inDay % 60,
    nanosecond,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysFromCivil(year, 1, 1) + 1,
    offset,
  };
}

/** The instant of a wall clock in a zone; where the clock jumps, the offset before the jump counts. */
export function instantOf(
  civil: Pick<Civil, 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'nanosecond'>,
  zone: GoLocation,
): GoTime {
  const local =
    daysFromCivil(civil.year, civil.month, civil.day) * 86_400 +
    civil.hour * 3600 +
    civil.minute * 60 +
    civil.second;
  const asUtc = BigInt(local) * SECOND + BigInt(civil.nanosecond);
  let ns = asUtc - BigInt(zone.offsetAt(asUtc)) * SECOND;
  ns = asUtc - BigInt(zone.offsetAt(ns)) * SECOND;
  return { ns, zone };
}

const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1000n],
  ['\u00b5s', 1000n],
  ['\u03bcs', 1000n],
  ['ms', 1_000_000n],
  ['s', SECOND],
  ['m', 60n * SECOND],
  ['h', 3600n * SECOND],
]);

/** Go's time.ParseDuration, or its error text. */
export function parseGoDuration(text: string): { nanoseconds: bigint } | { error: string } {
  const invalid = { error: `time: invalid duration ${quote(text)}` };
  const signed = /^([+-]?)(.*)$/s.exec(text);
  const body = signed?.[2] ?? '';
  if (body === '0') return { nanoseconds: 0n };
  if (body === '') return invalid;
  const part = /(\d*)(?:\.(\d*))?([^\d.]*)/sy;
  let total = 0n;
  while (part.lastIndex < body.length) {
    const match = part.exec(body);
    if (match === null || match[0] === '') return invalid;
    const [, whole = '', fraction = '', unitName = ''] = match;
    if (whole === '' && fraction === '') return invalid;
    if (unitName === '') return { error: `time: missing unit in duration ${quote(text)}` };
    const unit = UNITS.get(unitName);
    if (unit === undefined)
      return { error: `time: unknown unit ${quote(unitName)} in duration ${quote(text)}` };
    const digits = fraction.slice(0, 18);
    total += BigInt(whole === '' ? '0' : whole) * unit;
    if (digits !== '') total += (BigInt(digits) * unit) / 10n ** BigInt(digits.length);
    if (total > 2n ** 63n) return invalid;
  }
  if (signed?.[1] === '-') return { nanoseconds: -total };
  return total > 2n ** 63n - 1n ? invalid : { nanoseconds: total };
}

const quote = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** Go's Duration.String: `1h0m0s`, `1.5ms`, `0s`. */
export function formatGoDuration(ns: bigint): string {
  if (ns === 0n) return '0s';
  const magnitude = ns < 0n ? -ns : ns;
  const sign = ns < 0n ? '-' : '';
  if (magnitude < 1000n) return `${sign}${magnitude}ns`;
  if (magnitude < 1_000_000n) return `${sign}${decimal(magnitude, 1000n)}\u00b5s`;
  if (magnitude < SECOND) return `${sign}${decimal(magnitude, 1_000_000n)}ms`;
  const minutes = magnitude / (60n * SECOND);
  const seconds = decimal(magnitude % (60n * SECOND), SECOND);
  const hours = minutes / 60n;
  const lead = hours > 0n ? `${hours}h${minutes % 60n}m` : minutes > 0n ? `${minutes}m` : '';
  return `${sign}${lead}${seconds}s`;
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = String(value % unit)
    .padStart(String(unit).length - 1, '0')
    .replace(/0+$/, '');
  return `${value / unit}${fraction === '' ? '' : `.${fraction}`}`;
}

const pad = (n: number, width = 2): string => (n < 0 ? '-' : '') + String(Math.abs(n)).padStart(width, '0');

/** Go's Time.String without a monotonic reading: `2023-08-14 10:30:00 +0000 UTC`. */
export function formatGoTime(time: GoTime): string {
  const c = civilOf(time);
  const fraction = c.nanosecond === 0 ? '' : `.${String(c.nanosecond).padStart(9, '0').replace(/0+$/, '')}`;
  const offset = offsetText(c.offset, true).replace(':', '');
  const abbreviation = time.zone.abbreviationAt(time.ns);
  const name = abbreviation === '' ? offset : abbreviation;
  return `${pad(c.year, 4)}-${pad(c.month)}-${pad(c.day)} ${pad(c.hour)}:${pad(c.minute)}:${pad(c.second)}${fraction} ${offset} ${name}`;
}
