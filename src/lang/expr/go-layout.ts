/** Go's time layouts (`2006-01-02 15:04:05 MST`): printing and parsing. */

import { quoteGo } from '../go-format.ts';
import { UTC, civilOf, daysFromCivil, fixedZone, instantOf, offsetText } from './go-time.ts';
import type { Civil, GoLocation, GoTime } from './go-time.ts';

export const RFC3339 = '2006-01-02T15:04:05Z07:00';
export const RFC3339_NANO = '2006-01-02T15:04:05.999999999Z07:00';
/** What `date(text)` tries, in this order. */
export const DATE_LAYOUTS = [
  '2006-01-02',
  '15:04:05',
  '2006-01-02 15:04:05',
  RFC3339,
  '02 Jan 06 15:04 MST',
  'Monday, 02-Jan-06 15:04:05 MST',
  'Mon, 02 Jan 2006 15:04:05 MST',
];

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** Longest alternatives first. Fractions count only behind a number of seconds or anywhere as `.000`/`.999`. */
const VERB =
  /2006|January|Monday|Jan|Mon|MST|Z070000|Z07:00:00|Z07:00|Z0700|Z07|-070000|-07:00:00|-07:00|-0700|-07|002|01|02|03|04|05|06|__2|_2(?!006)|15|PM|pm|[.,]0+(?!\d)|[.,]9+(?!\d)|1|2|3|4|5/g;

/** A layout as verbs (odd places) and literal text (even places). */
function dissect(layout: string): string[] {
  const parts: string[] = [];
  let last = 0;
  for (const match of layout.matchAll(VERB)) {
    parts.push(layout.slice(last, match.index), match[0]);
    last = match.index + match[0].length;
  }
  parts.push(layout.slice(last));
  return parts;
}

const pad = (n: number, width: number, fill = '0'): string => String(n).padStart(width, fill);

export function formatLayout(time: GoTime, layout: string): string {
  const civil = civilOf(time);
  return dissect(layout)
    .map((part, i) => (i % 2 === 0 ? part : formatVerb(part, civil, time)))
    .join('');
}

function formatVerb(verb: string, c: Civil, time: GoTime): string {
  const hour12 = c.hour % 12 === 0 ? 12 : c.hour % 12;
  const month = MONTHS[c.month - 1] ?? '';
  const weekday = WEEKDAYS[c.weekday] ?? '';
  switch (verb) {
    case '2006':
      return pad(c.year, 4);
    case '06':
      return pad(c.year % 100, 2);
    case 'January':
      return month;
    case 'Jan':
      return month.slice(0, 3);
    case '01':
      return pad(c.month, 2);
    case '1':
      return String(c.month);
    case 'Monday':
      return weekday;
    case 'Mon':
      return weekday.slice(0, 3);
    case '02':
      return pad(c.day, 2);
    case '_2':
      return pad(c.day, 2, ' ');
    case '2':
      return String(c.day);
    case '002':
      return pad(c.yearDay, 3);
    case '__2':
      return pad(c.yearDay, 3, ' ');
    case '15':
      return pad(c.hour, 2);
    case '03':
      return pad(hour12, 2);
    case '3':
      return String(hour12);
    case '04':
      return pad(c.minute, 2);
    case '4':
      return String(c.minute);
    case '05':
      return pad(c.second, 2);
    case '5':
      return String(c.second);
    case 'PM':
      return c.hour >= 12 ? 'PM' : 'AM';
    case 'pm':
      return c.hour >= 12 ? 'pm' : 'am';
    case 'MST': {
      const abbreviation = time.zone.abbreviationAt(time.ns);
      return abbreviation === '' ? offsetText(c.offset, false) : abbreviation;
    }
    default:
      break;
  }
  if (verb.startsWith('.') || verb.startsWith(',')) {
    const digits = pad(c.nanosecond, 9).slice(0, verb.length - 1);
    if (verb[1] === '0') return `${verb[0]}${digits}`;
    const trimmed = digits.replace(/0+$/, '');
    return trimmed === '' ? '' : `${verb[0]}${trimmed}`;
  }
  if (verb.startsWith('Z') && c.offset === 0) return 'Z';
  const sign = c.offset < 0 ? '-' : '+';
  const size = Math.abs(c.offset);
  const fields = [Math.floor(size / 3600), Math.floor((size % 3600) / 60), size % 60].map((n) => pad(n, 2));
  const digits = verb.replaceAll(/\D/g, '').length / 2;
  return sign + fields.slice(0, digits).join(verb.includes(':') ? ':' : '');
}

/** Which verbs read a plain number, and into what. */
const NUMBERS: ReadonlyMap<
  string,
  {
    pattern: RegExp;
    field: 'year' | 'year2' | 'month' | 'day' | 'yearDay' | 'hour' | 'hour12' | 'minute' | 'second';
  }
> = new Map([
  ['2006', { pattern: /^\d{4}/, field: 'year' }],
  ['06', { pattern: /^\d{2}/, field: 'year2' }],
  ['01', { pattern: /^\d{2}/, field: 'month' }],
  ['1', { pattern: /^\d{1,2}/, field: 'month' }],
  ['02', { pattern: /^\d{2}/, field: 'day' }],
  ['_2', { pattern: /^ ?\d{1,2}/, field: 'day' }],
  ['2', { pattern: /^\d{1,2}/, field: 'day' }],
  ['002', { pattern: /^\d{3}/, field: 'yearDay' }],
  ['__2', { pattern: /^ {0,2}\d{1,3}/, field: 'yearDay' }],
  ['15', { pattern: /^\d{1,2}/, field: 'hour' }],
  ['03', { pattern: /^\d{2}/, field: 'hour12' }],
  ['3', { pattern: /^\d{1,2}/, field: 'hour12' }],
  ['04', { pattern: /^\d{2}/, field: 'minute' }],
  ['4', { pattern: /^\d{1,2}/, field: 'minute' }],
  ['05', { pattern: /^\d{2}/, field: 'second' }],
  ['5', { pattern: /^\d{1,2}/, field: 'second' }],
]);

/** Go's time.Parse (`zone` absent) and time.ParseInLocation. Answers the error text on a mismatch. */
export function parseLayout(layout: string, text: string, zone?: GoLocation): GoTime | { error: string } {
  const mismatch = (rest: string, verb: string): { error: string } => ({
    error: `parsing time ${quoteGo(text)} as ${quoteGo(layout)}: cannot parse ${quoteGo(rest)} as ${quoteGo(verb)}`,
  });
  const outOfRange = (what: string): { error: string } => ({
    error: `parsing time ${quoteGo(text)}: ${what} out of range`,
  });
  const fields = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
  let yearDay: number | undefined;
  let nanosecond = 0;
  let afternoon: boolean | undefined;
  let offset: number | undefined;
  let abbreviation: string | undefined;
  let isUtc = false;
  let rest = text;
  const parts = dissect(layout);
  for (const [i, part] of parts.entries()) {
    if (i % 2 === 0) {
      if (!rest.startsWith(part)) return mismatch(rest, part);
      rest = rest.slice(part.length);
      continue;
    }
    const number = NUMBERS.get(part);
    if (number !== undefined) {
      const match = number.pattern.exec(rest);
      if (match === null) return mismatch(rest, part);
      rest = rest.slice(match[0].length);
      const value = Number(match[0]);
      switch (number.field) {
        case 'year2':
          fields.year = value >= 69 ? 1900 + value : 2000 + value;
          break;
        case 'yearDay':
          yearDay = value;
          break;
        case 'hour12':
          if (value > 12) return outOfRange('hour');
          fields.hour = value;
          break;
        default:
          fields[number.field] = value;
      }
      if (number.field === 'month' && (value < 1 || value > 12)) return outOfRange('month');
      if (number.field === 'hour' && value > 23) return outOfRange('hour');
      if (number.field === 'minute' && value > 59) return outOfRange('minute');
      if (number.field === 'second') {
        if (value > 59) return outOfRange('second');
        // Seconds may carry a fraction that the layout does not show.
        const fraction = /^[.,]\d+/.exec(rest);
        const expected = parts[i + 2] ?? '';
        if (fraction !== null && !/^[.,][09]/.test(parts[i + 1] === '' ? expected : '')) {
          nanosecond = Number(fraction[0].slice(1, 10).padEnd(9, '0'));
          rest = rest.slice(fraction[0].length);
        }
      }
      continue;
    }
    const named = namedVerb(part, rest);
    if (named === undefined) return mismatch(rest, part);
    rest = rest.slice(named.length);
    if (named.month !== undefined) fields.month = named.month;
    if (named.afternoon !== undefined) afternoon = named.afternoon;
    if (named.nanosecond !== undefined) nanosecond = named.nanosecond;
    if (named.offset !== undefined) offset = named.offset;
    if (named.abbreviation !== undefined) abbreviation = named.abbreviation;
    if (named.isUtc === true) isUtc = true;
  }
  if (rest !== '') return { error: `parsing time ${quoteGo(text)}: extra text: ${quoteGo(rest)}` };
  if (afternoon === true && fields.hour < 12) fields.hour += 12;
  if (afternoon === false && fields.hour === 12) fields.hour = 0;
  const lastDay =
    daysFromCivil(fields.year, fields.month + 1, 1) - daysFromCivil(fields.year, fields.month, 1);
  if (fields.day < 1 || fields.day > lastDay) return outOfRange('day');
  if (yearDay !== undefined) {
    if (yearDay < 1 || yearDay > daysFromCivil(fields.year + 1, 1, 1) - daysFromCivil(fields.year, 1, 1)) {
      return outOfRange('day-of-year');
    }
    fields.month = 1;
    fields.day = yearDay;
  }
  const civil = { ...fields, nanosecond };
  if (isUtc) return instantOf(civil, UTC);
  if (offset !== undefined) {
    return instantOf(civil, offset === 0 && zone === undefined ? UTC : fixedZone(abbreviation ?? '', offset));
  }
  if (abbreviation !== undefined && abbreviation !== 'UTC') {
    const hours = /^GMT([+-]\d+)$/.exec(abbreviation);
    return instantOf(civil, fixedZone(abbreviation, hours === null ? 0 : Number(hours[1]) * 3600));
  }
  return instantOf(civil, abbreviation === 'UTC' ? UTC : (zone ?? UTC));
}

interface NamedVerb {
  length: number;
  month?: number;
  afternoon?: boolean;
  nanosecond?: number;
  offset?: number;
  abbreviation?: string;
  isUtc?: true;
}

function namedVerb(verb: string, rest: string): NamedVerb | undefined {
  const lookup = (
    names: readonly string[],
    short: boolean,
  ): { index: number; length: number } | undefined => {
    for (const [index, name] of names.entries()) {
      const wanted = short ? name.slice(0, 3) : name;
      if (rest.slice(0, wanted.length).toLowerCase() === wanted.toLowerCase())
        return { index, length: wanted.length };
    }
    return undefined;
  };
  switch (verb) {
    case 'January':
    case 'Jan': {
      const found = lookup(MONTHS, verb === 'Jan');
      return found && { length: found.length, month: found.index + 1 };
    }
    case 'Monday':
    case 'Mon': {
      const found = lookup(WEEKDAYS, verb === 'Mon');
      return found && { length: found.length };
    }
    case 'PM':
    case 'pm': {
      const half = rest.slice(0, 2);
      const [am, pm] = verb === 'PM' ? ['AM', 'PM'] : ['am', 'pm'];
      return half === am || half === pm ? { length: 2, afternoon: half === pm } : undefined;
    }
    case 'MST': {
      const match = /^(?:UTC|ChST|MeST|GMT(?:[+-]\d{1,2})?|[+-]\d{2}|[A-Z]{3,5})/.exec(rest);
      if (match === null) return undefined;
      return { length: match[0].length, abbreviation: match[0] };
    }
    default:
      break;
  }
  if (/^[.,]/.test(verb)) {
    const match =
      verb[1] === '0' ? new RegExp(`^[.,]\\d{${verb.length - 1}}`).exec(rest) : /^(?:[.,]\d+)?/.exec(rest);
    if (match === null) return undefined;
    return { length: match[0].length, nanosecond: Number(match[0].slice(1, 10).padEnd(9, '0')) };
  }
  if (verb.startsWith('Z') && rest.startsWith('Z')) return { length: 1, isUtc: true };
  const digits = verb.replaceAll(/\D/g, '').length / 2;
  const colon = verb.includes(':') ? ':' : '';
  const pattern = new RegExp(`^([+-])${Array.from({ length: digits }, () => '(\\d{2})').join(colon)}`);
  const match = pattern.exec(rest);
  if (match === null) return undefined;
  const [all, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  if (Number(hours) > 24 || Number(minutes) >= 60 || Number(seconds) >= 60) return undefined;
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return { length: all.length, offset: sign === '-' ? -total : total };
}
