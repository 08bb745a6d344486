/** Methods of times, durations and the other named Go types that expressions may call, such as `date(result).Year()`. */

import {
  durationOf,
  formatGoDuration,
  formatGoTime,
  civilOf,
  floorDiv,
  instantOf,
  timeAt,
  UTC,
  ZERO_TIME_NS,
} from './go-time.ts';
import type { GoDuration, GoTime } from './go-time.ts';
import { MONTHS, WEEKDAYS, formatLayout } from './go-layout.ts';
import {
  BOOL,
  DURATION,
  FLOAT,
  INT,
  INT64,
  LOCATION,
  MONTH,
  STRING,
  TIME,
  WEEKDAY,
  funcOf,
} from './types.ts';
import type { GoType } from './types.ts';
import { GoFunc, GoInt, isDurationValue, isLocationValue, isTimeValue, typeOf } from './values.ts';
import type { Value } from './values.ts';

interface Method {
  /** Without the receiver. */
  readonly type: GoType;
  readonly call: (receiver: Value, args: readonly Value[]) => Value;
}
type Table = ReadonlyMap<string, Method>;

function table<Receiver>(
  is: (v: Value) => v is Value & Receiver,
  rows: Record<
    string,
    [params: GoType[], result: GoType, call: (receiver: Receiver, ...args: Value[]) => Value]
  >,
): Table {
  return new Map(
    Object.entries(rows).map(([name, [params, result, call]]) => [
      name,
      {
        type: funcOf(params, result),
        call: (receiver, args) => (is(receiver) ? call(receiver, ...args) : null),
      },
    ]),
  );
}

const wrap = (n: bigint): bigint => BigInt.asIntN(64, n);
const int64 = (n: bigint): GoInt => new GoInt(INT64, wrap(n));
const ns = (v: Value | undefined): bigint => {
  if (v === undefined || v === null) return 0n;
  if (isTimeValue(v)) return v.ns;
  return isDurationValue(v) ? v.nanoseconds : 0n;
};
const whole = (v: Value | undefined): number => Number(typeof v === 'bigint' ? v : 0n);
const clampDuration = (n: bigint): GoDuration =>
  durationOf(n > 2n ** 63n - 1n ? 2n ** 63n - 1n : n < -(2n ** 63n) ? -(2n ** 63n) : n);
const since = (t: GoTime): bigint => t.ns - ZERO_TIME_NS;

/** Rounds half away from zero to a multiple of `unit`. */
function roundTo(value: bigint, unit: bigint): bigint {
  const rest = value % unit;
  const magnitude = rest < 0n ? -rest : rest;
  if (magnitude * 2n < unit) return value - rest;
  return value < 0n ? value - rest - unit : value - rest + unit;
}

const TIME_METHODS = table<GoTime>(isTimeValue, {
  Year: [[], INT, (t) => BigInt(civilOf(t).year)],
  Month: [[], MONTH, (t) => new GoInt(MONTH, BigInt(civilOf(t).month), MONTHS[civilOf(t).month - 1])],
  Day: [[], INT, (t) => BigInt(civilOf(t).day)],
  Hour: [[], INT, (t) => BigInt(civilOf(t).hour)],
  Minute: [[], INT, (t) => BigInt(civilOf(t).minute)],
  Second: [[], INT, (t) => BigInt(civilOf(t).second)],
  Nanosecond: [[], INT, (t) => BigInt(civilOf(t).nanosecond)],
  YearDay: [[], INT, (t) => BigInt(civilOf(t).yearDay)],
  Weekday: [[], WEEKDAY, (t) => new GoInt(WEEKDAY, BigInt(civilOf(t).weekday), WEEKDAYS[civilOf(t).weekday])],
  Unix: [[], INT64, (t) => int64(floorDiv(t.ns, 1_000_000_000n))],
  UnixMilli: [[], INT64, (t) => int64(floorDiv(t.ns, 1_000_000n))],
  UnixMicro: [[], INT64, (t) => int64(floorDiv(t.ns, 1000n))],
  UnixNano: [[], INT64, (t) => int64(t.ns)],
  IsZero: [[], BOOL, (t) => t.ns === ZERO_TIME_NS],
  String: [[], STRING, (t) => formatGoTime(t)],
  Format: [[STRING], STRING, (t, layout) => formatLayout(t, String(layout))],
  UTC: [[], TIME, (t) => timeAt(t.ns, UTC)],
  Local: [[], TIME, (t) => timeAt(t.ns, UTC)],
  Location: [[], LOCATION, (t) => t.zone],
  In: [[LOCATION], TIME, (t, zone) => timeAt(t.ns, zone !== undefined && isLocationValue(zone) ? zone : UTC)],
  After: [[TIME], BOOL, (t, u) => t.ns > ns(u)],
  Before: [[TIME], BOOL, (t, u) => t.ns < ns(u)],
  Equal: [[TIME], BOOL, (t, u) => t.ns === ns(u)],
  Compare: [[TIME], INT, (t, u) => (t.ns < ns(u) ? -1n : t.ns > ns(u) ? 1n : 0n)],
  Add: [[DURATION], TIME, (t, d) => timeAt(t.ns + ns(d), t.zone)],
  Sub: [[TIME], DURATION, (t, u) => clampDuration(t.ns - ns(u))],
  AddDate: [
    [INT, INT, INT],
    TIME,
    (t, years, months, days) => {
      const c = civilOf(t);
      const shift = [whole(years), whole(months), whole(days)].map((n) => Math.max(-1e6, Math.min(1e6, n)));
      const [y = 0, m = 0, d = 0] = shift;
      return instantOf({ ...c, year: c.year + y, month: c.month + m, day: c.day + d }, t.zone);
    },
  ],
  Truncate: [[DURATION], TIME, (t, d) => timeAt(ns(d) <= 0n ? t.ns : t.ns - (since(t) % ns(d)), t.zone)],
  Round: [
    [DURATION],
    TIME,
    (t, d) => timeAt(ns(d) <= 0n ? t.ns : ZERO_TIME_NS + roundTo(since(t), ns(d)), t.zone),
  ],
});

const inUnits = (d: GoDuration, unit: bigint): number =>
  Number(d.nanoseconds / unit) + Number(d.nanoseconds % unit) / Number(unit);

const DURATION_METHODS = table<GoDuration>(isDurationValue, {
  Hours: [[], FLOAT, (d) => inUnits(d, 3_600_000_000_000n)],
  Minutes: [[], FLOAT, (d) => inUnits(d, 60_000_000_000n)],
  Seconds: [[], FLOAT, (d) => inUnits(d, 1_000_000_000n)],
  Milliseconds: [[], INT64, (d) => int64(d.nanoseconds / 1_000_000n)],
  Microseconds: [[], INT64, (d) => int64(d.nanoseconds / 1000n)],
  Nanoseconds: [[], INT64, (d) => int64(d.nanoseconds)],
  Abs: [[], DURATION, (d) => clampDuration(d.nanoseconds < 0n ? -d.nanoseconds : d.nanoseconds)],
  Round: [
    [DURATION],
    DURATION,
    (d, unit) => (ns(unit) <= 0n ? d : clampDuration(roundTo(d.nanoseconds, ns(unit)))),
  ],
  Truncate: [
    [DURATION],
    DURATION,
    (d, unit) => (ns(unit) <= 0n ? d : durationOf(d.nanoseconds - (d.nanoseconds % ns(unit)))),
  ],
  String: [[], STRING, (d) => formatGoDuration(d.nanoseconds)],
});

const isNamedInt = (v: Value): v is GoInt => v instanceof GoInt && v.label !== undefined;
const LABEL_METHODS = table<GoInt>(isNamedInt, { String: [[], STRING, (v) => v.label ?? ''] });
const LOCATION_METHODS = table(isLocationValue, { String: [[], STRING, (zone) => zone.name] });

const METHODS: ReadonlyMap<GoType, Table> = new Map([
  [TIME, TIME_METHODS],
  [DURATION, DURATION_METHODS],
  [MONTH, LABEL_METHODS],
  [WEEKDAY, LABEL_METHODS],
  [LOCATION, LOCATION_METHODS],
]);

/** The type of a method, without its receiver; undefined where a type has none of that name. */
export const methodType = (type: GoType, name: string): GoType | undefined =>
  METHODS.get(type)?.get(name)?.type;

/** A method bound to its receiver. */
export function methodOf(receiver: Value, name: string): GoFunc | undefined {
  const type = typeOf(receiver);
  const method = type === undefined ? undefined : METHODS.get(type)?.get(name);
  return method === undefined ? undefined : new GoFunc(method.type, (args) => method.call(receiver, args));
}
