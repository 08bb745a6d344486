/** Keeps the values of secret arguments out of everything that people can read (spec 05 section 2.2). */

/** Every occurrence of every value becomes `*****`; longer values first, so that no rest of one is left. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length))
    if (secret !== '') clean = clean.replaceAll(secret, '*****');
  return clean;
}
