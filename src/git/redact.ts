/** Takes credentials out of texts that are about to be logged or shown. */

const USERINFO = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi;

/** `https://user:secret@host/x` becomes `https://***@host/x`; each of `secrets` becomes `***`. */
export function redact(text: string, secrets: readonly (string | undefined)[] = []): string {
  let clean = text.replace(USERINFO, '$1***@');
  for (const secret of secrets) {
    if (secret !== undefined && secret.length >= 3) clean = clean.replaceAll(secret, '***');
  }
  return clean;
}
