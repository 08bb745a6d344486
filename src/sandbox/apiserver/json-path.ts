/**
 * The part of Kubernetes JSONPath that CRDs use in printer columns and subresource paths: fields, quoted fields,
 * indexes, `[*]` and filters that compare a field with a literal.
 */

import { isObject, type Json } from '../../lang/json.ts';

type Step =
  | { kind: 'field'; name: string }
  | { kind: 'index'; at: number }
  | { kind: 'all' }
  | { kind: 'filter'; field: string[]; equal: boolean; value: Json };

const TOKEN =
  /^(?:\.((?:[^.[\]\\]|\\.)+)|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[(-?\d+)\]|\[(\*)\]|\[\?\(\s*@((?:\.[\w-]+)+)\s*(==|!=)\s*("[^"]*"|'[^']*'|[\w.-]+)\s*\)\])/;

/** Undefined where the path uses more than the subset. */
export function parsePath(path: string): Step[] | undefined {
  let rest = path.trim().replace(/^\{(.*)\}$/, '$1');
  if (!rest.startsWith('.') && !rest.startsWith('[')) rest = `.${rest}`;
  const steps: Step[] = [];
  while (rest !== '') {
    const match = TOKEN.exec(rest);
    if (match === null) return undefined;
    rest = rest.slice(match[0].length);
    const name = match[1] ?? match[2] ?? match[3];
    if (name !== undefined) steps.push({ kind: 'field', name: name.replace(/\\(.)/g, '$1') });
    else if (match[4] !== undefined) steps.push({ kind: 'index', at: Number(match[4]) });
    else if (match[5] !== undefined) steps.push({ kind: 'all' });
    else {
      steps.push({
        kind: 'filter',
        field: String(match[6]).slice(1).split('.'),
        equal: match[7] === '==',
        value: literal(String(match[8])),
      });
    }
  }
  return steps;
}

function literal(text: string): Json {
  if (/^["']/.test(text)) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** All values that the path names. */
export function evaluatePath(steps: readonly Step[], root: unknown): Json[] {
  let values: Json[] = [root as Json];
  for (const step of steps) {
    values = values.flatMap((value): Json[] => {
      switch (step.kind) {
        case 'field': {
          const child = isObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined;
          return child === undefined ? [] : [child];
        }
        case 'index': {
          const child = Array.isArray(value) ? value.at(step.at) : undefined;
          return child === undefined ? [] : [child];
        }
        case 'all':
          return Array.isArray(value)
            ? value
            : isObject(value)
              ? Object.values(value).filter((item) => item !== undefined)
              : [];
        default: {
          if (!Array.isArray(value)) return [];
          return value.filter((item) => {
            let at: Json | undefined = item;
            for (const name of step.field) at = isObject(at) ? at[name] : undefined;
            return (at === step.value) === step.equal;
          });
        }
      }
    });
  }
  return values;
}
