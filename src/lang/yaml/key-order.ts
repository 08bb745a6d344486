/** The order in which kubectl prints the keys of an object: numbers inside keys count by value (`a2` before `a10`). */

const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;

export function compareKeys(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  const shared = Math.min(left.length, right.length);
  let at = 0;
  while (at < shared && left[at] === right[at]) at++;
  if (at === shared) return left.length - right.length;
  const x = left[at] as string;
  const y = right[at] as string;
  const letters = Number(LETTER.test(x)) - Number(LETTER.test(y));
  if (letters !== 0) return letters; // letters come last
  return (LETTER.test(x) ? 0 : compareNumbers(left, right, at)) || compareText(x, y);
}

/** Both differ first at `at`. The digits from there on are read as numbers; none is zero. */
function compareNumbers(left: readonly string[], right: readonly string[], at: number): number {
  const a = digitsFrom(left, at);
  const b = digitsFrom(right, at);
  // A zero inside a number is a place (1_00_ over 1_1_), a zero in front of one means nothing (a007 and a7).
  const inside = (left[at] === '0' || right[at] === '0') && hasNumberBefore(left, at) ? '1' : '0';
  const difference = BigInt(inside + a) - BigInt(inside + b);
  return difference === 0n ? a.length - b.length : difference > 0n ? 1 : -1;
}

function digitsFrom(characters: readonly string[], at: number): string {
  let end = at;
  while (end < characters.length && /^[0-9]$/.test(characters[end] as string)) end++;
  return characters.slice(at, end).join('');
}

function hasNumberBefore(characters: readonly string[], at: number): boolean {
  for (let i = at - 1; i >= 0 && DIGIT.test(characters[i] as string); i--) {
    if (characters[i] !== '0') return true;
  }
  return false;
}

const compareText = (a: string, b: string): number => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0);
