/**
 * Finds keys that a JSON text gives twice, which `JSON.parse` doesn't tell: `duplicate field "spec.replicas"`. The
 * text must be valid JSON already.
 */

/** Reported at most. */
const MAX_FOUND = 100;

export function duplicateFields(text: string): string[] {
  const found: string[] = [];
  let at = 0;
  const skip = (): void => {
    while (at < text.length && ' \t\r\n'.includes(text[at] as string)) at++;
  };
  const string = (): string => {
    const start = at++;
    while (text[at] !== '"' && at < text.length) at += text[at] === '\\' ? 2 : 1;
    at++;
    const raw = text.slice(start, at);
    return raw.includes('\\') ? (JSON.parse(raw) as string) : raw.slice(1, -1);
  };
  // One frame for each open object or list, so that depth costs no stack.
  const frames: { keys: Set<string> | undefined; path: string; index: number }[] = [];
  let path = '';
  for (;;) {
    skip();
    const char = text[at];
    if (char === undefined) return found;
    if (char === '{' || char === '[') {
      frames.push({ keys: char === '{' ? new Set() : undefined, path, index: 0 });
      at++;
      if (char === '[') path = `${path}[0]`;
      skip();
      if (text[at] === '"' && char === '{') key();
      continue;
    }
    if (char === '}' || char === ']') {
      frames.pop();
      at++;
      continue;
    }
    if (char === ',') {
      at++;
      skip();
      const frame = frames.at(-1);
      if (frame?.keys !== undefined) key();
      else if (frame !== undefined) path = `${frame.path}[${++frame.index}]`;
      continue;
    }
    if (char === '"') string();
    else while (at < text.length && !',]} \t\r\n'.includes(text[at] as string)) at++;
  }

  function key(): void {
    const frame = frames.at(-1);
    const name = string();
    skip();
    at++; // the colon
    if (frame?.keys === undefined) return;
    path = frame.path === '' ? name : `${frame.path}.${name}`;
    if (frame.keys.has(name)) {
      if (found.length < MAX_FOUND) found.push(`duplicate field "${path}"`);
    } else frame.keys.add(name);
  }
}
