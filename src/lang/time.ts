/** RFC 3339 as Kubernetes writes it. Times are milliseconds since the Unix epoch. Pure. */

/** `2026-01-31T12:00:00Z`: metav1.Time, UTC, the part below a second cut off. */
export function formatTime(ms: number): string {
  return `${isoSeconds(ms)}Z`;
}

/** `2026-01-31T12:00:00.250000Z`: metav1.MicroTime needs exactly six fractional digits. */
export function formatMicroTime(ms: number): string {
  const micros = Math.floor((ms - Math.floor(ms / 1000) * 1000) * 1000);
  return `${isoSeconds(ms)}.${micros.toString().padStart(6, '0')}Z`;
}

/** The last second that was printed: times come in crowds. */
let last = { second: Number.NaN, text: '' };

function isoSeconds(ms: number): string {
  const second = Math.floor(ms / 1000);
  if (second !== last.second) last = { second, text: printSecond(ms) };
  return last.text;
}

function printSecond(ms: number): string {
  const date = new Date(Math.floor(ms / 1000) * 1000);
  const year = date.getUTCFullYear();
  if (!(year >= 0 && year <= 9999)) throw new RangeError(`time ${ms} is outside the years 0 to 9999`);
  return date.toISOString().slice(0, 19);
}

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9})\d*)?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** Milliseconds (fractional below), or undefined for anything that is not an RFC 3339 time with an offset. */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length > 64) return undefined;
  if (parsed.size > MAX_PARSED) parsed.clear();
  let time = parsed.get(text);
  if (time === undefined && (time = parse(text)) !== undefined) parsed.set(text, time);
  return time;
}

/** Times that were read lately: those of one object are read with each look at it. */
const parsed = new Map<string, number>();
const MAX_PARSED = 10_000;

function parse(text: string): number | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? '0');
  const [year, month, day] = [part(1), part(2), part(3)];
  if (part(4) > 23 || part(5) > 59 || part(6) > 59 || part(9) > 23 || part(10) > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day); // Date.UTC takes years below 100 for 19xx
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(part(4), part(5), part(6));
  const fraction = match[7] === undefined ? 0 : Number(match[7].padEnd(9, '0')) / 1e6;
  const offset = (part(9) * 60 + part(10)) * 60_000;
  return date.getTime() + fraction - (match[8] === '-' ? -offset : offset);
}
