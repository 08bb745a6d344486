/** Base64 as Go's decoder reads it. */

const BASE64 = /^[A-Za-z0-9+/]$/;

/**
 * Where Go's decoder of standard base64 stops: the index that `illegal base64 data at input byte N` names, or
 * undefined where the text is valid. Line breaks are skipped.
 */
export function corruptBase64At(text: string): number | undefined {
  let at = 0;
  const skip = (): void => {
    while (text[at] === '\n' || text[at] === '\r') at++;
  };
  for (;;) {
    let start = -1;
    for (let digit = 0; digit < 4; digit++) {
      skip();
      if (at >= text.length) return digit === 0 ? undefined : start;
      if (start < 0) start = at;
      const char = text[at] as string;
      if (BASE64.test(char)) {
        at++;
        continue;
      }
      if (char !== '=' || digit < 2) return at;
      at++;
      skip();
      if (digit === 2) {
        if (at >= text.length) return text.length;
        if (text[at] !== '=') return at;
        at++;
        skip();
      }
      return at < text.length ? at : undefined;
    }
  }
}
