/** Numbers out of the text of a measurement's value: `0.5`, `[1,NaN]`, `+Inf`. Pure. */

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** None for texts, objects and nothing. A list that was cut off gives what stands there. */
export function numbersOf(value: string): number[] {
  const text = value.trim();
  const single = numberOf(text);
  if (single !== undefined) return [single];
  if (!text.startsWith('[') || !text.endsWith(']')) return [];
  return text
    .slice(1, -1)
    .split(/[,\s]+/)
    .flatMap((part) => numberOf(part) ?? []);
}

function numberOf(text: string): number | undefined {
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  return NUMBER.test(text) ? Number(text) : undefined;
}
