/** Durations as PromQL writes them: `5m`, `1h30m`, or plain seconds. Pure. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
  d: 864e5,
  w: 6048e5,
  y: 31536e6,
};

/** Milliseconds; undefined for what is no such duration. */
export function promDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/^(\d+(ms|s|m|h|d|w|y))+$/.test(text)) return undefined;
  return [...text.matchAll(/(\d+)(ms|s|m|h|d|w|y)/g)].reduce(
    (sum, [, digits, unit]) => sum + Number(digits) * (UNIT_MS[unit ?? ''] ?? 0),
    0,
  );
}
