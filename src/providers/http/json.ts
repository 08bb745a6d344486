/** JSON of answers, with a limit on depth, so that nothing that walks it later runs out of stack. */

export const MAX_JSON_DEPTH = 100;

/** Legal JSON, but too deep to be walked. */
export class JsonDepthError extends Error {
  override readonly name = 'JsonDepthError';
}

/** Whether walking the value that this JSON stands for would go too deep. */
export const isTooDeep = (text: string): boolean => depthOf(text) > MAX_JSON_DEPTH;

/** Throws `SyntaxError` for what is no JSON, `JsonDepthError` for what is too deep. */
export function parseBoundedJson(text: string, maxDepth: number = MAX_JSON_DEPTH): unknown {
  const depth = depthOf(text);
  if (depth > maxDepth) throw new JsonDepthError(`the JSON is nested more than ${maxDepth} levels deep`);
  return JSON.parse(text) as unknown;
}

function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22:
        i = endOfString(text, i);
        break;
      case 0x5b:
      case 0x7b:
        deepest = Math.max(deepest, ++depth);
        break;
      case 0x5d:
      case 0x7d:
        depth--;
        break;
    }
  }
  return deepest;
}

/** The index of the closing quote, or the end of the text. */
function endOfString(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x5c) i++;
    else if (code === 0x22) return i;
  }
  return text.length;
}

/** The beginning of a body that is not what it should be, on one line, for an error text. */
export function excerpt(body: string, length = 120): string {
  const line = body
    .slice(0, length * 2)
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > length ? `${line.slice(0, length)}...` : line;
}
