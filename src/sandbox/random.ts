/** Everything random in the sandbox comes from one injected source, so that a seed repeats a history. */

/** A small seeded generator (mulberry32), uniform in [0, 1). Not for secrets. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A version 4 UUID. */
export function randomUid(random: () => number): string {
  let hex = '';
  for (let word = 0; word < 4; word++) {
    hex += Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  }
  const variant = '89ab'[Math.floor(random() * 4)] as string;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`;
}

/** The letters that Kubernetes uses for generated names: no vowels and no lookalikes. */
const NAME_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

export function randomSuffix(random: () => number, length = 5): string {
  let text = '';
  for (let i = 0; i < length; i++) text += NAME_LETTERS[Math.floor(random() * NAME_LETTERS.length)] as string;
  return text;
}
