/**
 * Which branches of the source were never taken, from V8's block coverage of several processes. Branches are counted
 * in the syntax tree, because V8 only names those blocks whose count differs from the one around them: both arms of
 * `if` and `?:`, right sides of `&&`, `||` and `??`, cases, bodies of loops, and functions. An `if` without `else`
 * counts once.
 */

import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as typescript from 'prettier/plugins/typescript';

export interface FunctionCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly Range[];
  }[];
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

export interface Branch {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

export interface Covered {
  readonly branches: number;
  readonly missed: readonly Branch[];
}

interface Node {
  readonly type: string;
  readonly range: readonly [number, number];
  readonly [field: string]: unknown;
}

export async function coveredBranches(processes: readonly (readonly FunctionCoverage[])[]): Promise<Covered> {
  const byFile = new Map<string, FunctionCoverage[]>(
    globSync('src/plan/**/*.ts').map((path) => [pathToFileURL(resolve(path)).href, []]),
  );
  for (const script of processes.flat()) byFile.set(script.url, [...(byFile.get(script.url) ?? []), script]);
  let branches = 0;
  const missed: Branch[] = [];
  for (const [url, scripts] of [...byFile].sort(([a], [b]) => a.localeCompare(b))) {
    const path = fileURLToPath(url);
    const text = readFileSync(path, 'utf8');
    const found = branchesOf((await parse(text)) as Node);
    branches += found.length;
    const file = path.slice(path.lastIndexOf('/src/') + 1);
    for (const [start, end] of found) {
      if (scripts.some((script) => wasTaken(script, start))) continue;
      const line = text.slice(0, start).split('\n').length;
      missed.push({ file, line, text: text.slice(start, Math.min(end, start + 80)).replaceAll(/\s+/g, ' ') });
    }
  }
  return { branches, missed };
}

const parse = (text: string): unknown =>
  typescript.parsers.typescript.parse(text, { filepath: 'source.ts' } as never);

/** The innermost range around an offset tells whether it ran. */
function wasTaken({ functions }: FunctionCoverage, offset: number): boolean {
  let innermost: Range | undefined;
  for (const { ranges } of functions) {
    for (const range of ranges) {
      if (range.startOffset > offset || range.endOffset <= offset) continue;
      const size = range.endOffset - range.startOffset;
      if (innermost === undefined || size <= innermost.endOffset - innermost.startOffset) innermost = range;
    }
  }
  return innermost !== undefined && innermost.count > 0;
}

function branchesOf(root: Node): (readonly [number, number])[] {
  const found: (readonly [number, number])[] = [];
  const add = (node: unknown): void => {
    if (isNode(node)) found.push(node.range);
  };
  const visit = (node: Node): void => {
    switch (node.type) {
      case 'IfStatement':
      case 'ConditionalExpression':
        add(node['consequent']);
        add(node['alternate']);
        break;
      case 'LogicalExpression':
        add(node['right']);
        break;
      case 'SwitchCase':
        add((node['consequent'] as unknown[])[0]);
        break;
      case 'ForStatement':
      case 'ForOfStatement':
      case 'ForInStatement':
      case 'WhileStatement':
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        add(node['body']);
        break;
      default:
    }
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child);
    }
  };
  visit(root);
  return found;
}

function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    'range' in value &&
    typeof value.type === 'string'
  );
}
