/**
 * Globs of `directory.include` and `directory.exclude`: `*` (also across `/`, as in Argo CD), `?`, `[a-z]`,
 * `{a,b}`. Matched in linear time.
 */

import { compileRegexp } from '../../lang/regexp.ts';
import { RenderError } from '../errors.ts';

export function globMatcher(glob: string, where: string): (path: string) => boolean {
  let pattern = '';
  let depth = 0;
  for (let i = 0; i < glob.length; i += 1) {
    const char = glob[i] ?? '';
    if (char === '*') {
      pattern += '.*';
      while (glob[i + 1] === '*') i += 1;
    } else if (char === '?') {
      pattern += '.';
    } else if (char === '{') {
      pattern += '(?:';
      depth += 1;
    } else if (char === '}' && depth > 0) {
      pattern += ')';
      depth -= 1;
    } else if (char === ',' && depth > 0) {
      pattern += '|';
    } else if (char === '[') {
      const end = glob.indexOf(']', i + 2);
      if (end < 0) throw new RenderError('', `${where}: the glob "${glob}" has a [ without its ]`);
      const body = glob.slice(i + 1, end);
      pattern += `[${body.startsWith('!') ? `^${body.slice(1)}` : body}]`;
      i = end;
    } else if (char === '\\' && i + 1 < glob.length) {
      i += 1;
      pattern += escape(glob[i] ?? '');
    } else {
      pattern += escape(char);
    }
  }
  if (depth > 0) throw new RenderError('', `${where}: the glob "${glob}" has a { without its }`);
  try {
    const compiled = compileRegexp(`^(?s:${pattern})$`);
    return (path) => compiled.test(path);
  } catch {
    throw new RenderError('', `${where}: the glob "${glob}" is not valid`);
  }
}

const escape = (char: string): string => char.replace(/[\\^$.*+?()[\]{}|]/, String.raw`\$&`);
