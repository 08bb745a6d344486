/** Builtins on times, durations and zones. `now()` is the time that the caller gives, never the clock's. */

import type { Builtin } from './builtin.ts';
import { panic } from './error.ts';
import { DATE_LAYOUTS, parseLayout } from './go-layout.ts';
import { UTC, durationOf, loadZone, parseGoDuration, timeAt } from './go-time.ts';
import type { GoLocation, GoTime } from './go-time.ts';
import { asString } from './operators.ts';
import { DURATION, ERROR, LOCATION, STRING, TIME, funcOf } from './types.ts';
import { isLocationValue } from './values.ts';
import type { Value } from './values.ts';

function zoneOf(name: string): GoLocation {
  if (name.includes('..') || name.startsWith('/') || name.startsWith('\\'))
    return panic('time: invalid location name');
  return loadZone(name) ?? panic(`unknown time zone ${name}`);
}

function date(args: readonly Value[]): GoTime {
  const [first = null] = args;
  let zone = isLocationValue(first) ? first : undefined;
  const [text = null, layout, zoneName] = zone === undefined ? args : args.slice(1);
  const value = asString(text);
  const layouts = layout === undefined ? DATE_LAYOUTS : [asString(layout)];
  if (layout !== undefined && zoneName !== undefined) zone = zoneOf(asString(zoneName));
  let failure = '';
  for (const each of layouts) {
    const parsed = parseLayout(each, value, zone);
    if (!('error' in parsed)) return parsed;
    failure = parsed.error;
  }
  return panic(layout === undefined ? `invalid date ${value}` : failure);
}

export const TIME_BUILTINS: readonly Builtin[] = [
  {
    name: 'now',
    validate: (args) =>
      args.length === 0 || (args.length === 1 && args[0] === LOCATION)
        ? TIME
        : panic(`invalid number of arguments (expected 0, got ${args.length})`),
    call: ([zone], run) => timeAt(run.now, zone !== undefined && isLocationValue(zone) ? zone : UTC),
  },
  {
    name: 'duration',
    types: [funcOf([STRING], DURATION, ERROR)],
    call: ([text = null]) => {
      const parsed = parseGoDuration(asString(text));
      return 'error' in parsed ? panic(parsed.error) : durationOf(parsed.nanoseconds);
    },
  },
  {
    name: 'date',
    validate: (args) => {
      if (args.length < 1) return panic('invalid number of arguments (expected at least 1, got 0)');
      const rest = args[0] === LOCATION ? args.slice(1) : args;
      if (rest.length > 3)
        return panic(`invalid number of arguments (expected at most 3, got ${rest.length})`);
      return TIME;
    },
    call: date,
  },
  {
    name: 'timezone',
    types: [funcOf([STRING], LOCATION, ERROR)],
    call: ([name = null]) => zoneOf(asString(name)),
  },
];
