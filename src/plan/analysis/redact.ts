/** Keeps the values of secret arguments out of everything that people can read (spec 05 section 2.2). */

/** Shorter texts stand in too many places that are harmless. */
const MIN_ENCODED = 4;

/**
 * Every occurrence of every value becomes `*****`, also as it stands in a URL, in JSON, or in base64; longer values
 * first, so that no rest of one is left.
 */
export function redact(text: string, secrets: readonly string[]): string {
  if (secrets.length === 0) return text;
  const spellings = new Set(secrets.flatMap(spellingsOf));
  spellings.delete('');
  let clean = text;
  for (const secret of [...spellings].sort((a, b) => b.length - a.length))
    clean = clean.replaceAll(secret, '*****');
  return clean;
}

/** Of a measured value, where a secret of a letter or two would black out what people are to read. */
export const redactValue = (value: string, secrets: readonly string[]): string =>
  redact(
    value,
    secrets.filter((secret) => secret.length >= MIN_ENCODED),
  );

function spellingsOf(secret: string): string[] {
  if (secret.length < MIN_ENCODED) return [secret];
  const plain = secret.isWellFormed() ? [encodeURIComponent(secret), encodeURI(secret)] : [];
  const path = new URL('http://host');
  path.pathname = secret;
  const inPath = path.pathname.slice(1);
  return [
    secret,
    ...(inPath.length < MIN_ENCODED ? [] : [inPath]),
    ...plain,
    ...plain.map((text) => text.replaceAll('%20', '+')),
    JSON.stringify(secret).slice(1, -1),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64').replaceAll('=', ''),
  ];
}
