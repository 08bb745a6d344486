/**
 * YAML documents to JSON by one dialect, that of sigs.k8s.io/yaml (go-yaml v2): see `scalar.ts` for plain
 * scalars. Merge keys work; duplicate keys are errors; size, depth and the expansion of aliases are limited.
 */

import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Alias,
  type Node,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import type { Json, JsonObject } from '../json.ts';
import { setOwn } from '../own.ts';
import { formatGoFloat, resolvePlain, type Resolved } from './scalar.ts';

/** `message` begins with `<where>: line L, column C: `. Lines and columns count from 1. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
  readonly line: number;
  readonly column: number;

  constructor(reason: string, where: string | undefined, line: number, column: number) {
    super(`${where === undefined ? '' : `${where}: `}line ${line}, column ${column}: ${reason}`);
    this.line = line;
    this.column = column;
  }
}

/** The largest bundles of manifests in use have 5 MB. */
const MAX_CHARACTERS = 8 * 1024 * 1024;
const MAX_DEPTH = 500;

/** One document, and where its parts stand. */
export interface YamlDocument {
  readonly value: Json;
  /** The line, from 1, of what stands at a path; of the nearest part above it where there is nothing. */
  lineOf(path: readonly (string | number)[]): number;
}

/** All documents in `text`; empty ones are left out. `where` names the text in errors. Throws `YamlError`. */
export const parseYaml = (text: string, where?: string): Json[] =>
  parseYamlDocuments(text, where).map(({ value }) => value);

/** As `parseYaml`, with the lines of everything. */
export function parseYamlDocuments(text: string, where?: string): YamlDocument[] {
  if (text.length > MAX_CHARACTERS) {
    throw new YamlError(`more than ${MAX_CHARACTERS} characters`, where, 1, 1);
  }
  const lines = new LineCounter();
  const fail = (reason: string, offset: number): never => {
    const { line, col } = lines.linePos(Math.max(0, offset));
    throw new YamlError(reason, where, Math.max(1, line), Math.max(1, col));
  };
  let documents;
  try {
    documents = parseAllDocuments(text, {
      schema: 'failsafe',
      resolveKnownTags: false,
      uniqueKeys: false,
      merge: false,
      prettyErrors: false,
      logLevel: 'silent',
      lineCounter: lines,
    });
  } catch (error) {
    // The parser recurses; a text that overflows its stack is nested far deeper than our limit.
    if (error instanceof RangeError) return fail('nested too deeply', 0);
    throw error;
  }
  // A line that begins with % is a directive; unknown ones would swallow what stands behind them.
  const empty = 'empty' in documents ? documents.warnings : [];
  const directive = [...empty, ...documents.flatMap((document) => document.warnings)].find(
    (warning) => warning.code === 'BAD_DIRECTIVE',
  );
  if (directive !== undefined) return fail(directive.message, directive.pos[0]);
  const found: YamlDocument[] = [];
  for (const document of documents) {
    const [error] = document.errors;
    if (error !== undefined) {
      const json = asJson(text);
      if (json !== undefined) return [{ value: json, lineOf: () => 1 }];
      return fail(error.message, error.pos[0]);
    }
    const root = document.contents;
    if (root === null || !isNode(root)) continue;
    const aliases = bindAliases(root, fail);
    const value = new Converter(aliases, fail).document(root);
    if (value === null) continue;
    const lineOf = (path: readonly (string | number)[]): number =>
      Math.max(1, lines.linePos(offsetAt(root, path, aliases)).line);
    found.push({ value, lineOf });
  }
  return found;
}

/** Where the key stands for a part of a map, the item for one of a list. Parts that came by a merge are their map's. */
function offsetAt(root: Node, path: readonly (string | number)[], aliases: ReadonlyMap<Alias, Node>): number {
  let node: unknown = root;
  let offset = offsetOf(root);
  for (const step of path) {
    for (let hops = 0; isAlias(node) && hops <= MAX_DEPTH; hops++) node = aliases.get(node);
    if (isSeq(node)) {
      node = node.items[Number(step)];
      if (!isNode(node)) return offset;
      offset = offsetOf(node);
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && textOf(key) === String(step));
      if (pair === undefined) return offset;
      offset = offsetOf(pair.key as Node);
      node = pair.value;
    } else return offset;
  }
  return offset;
}

/** JSON may be indented by tabs, which YAML forbids. */
function asJson(text: string): Json | undefined {
  if (!/^\s*[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

type Fail = (reason: string, offset: number) => never;
const offsetOf = (node: Node): number => node.range?.[0] ?? 0;

/** An alias means the anchor of that name that stood last before it. */
function bindAliases(root: Node, fail: Fail): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const bound = new Map<Alias, Node>();
  const walk = (node: unknown, depth: number): void => {
    if (!isNode(node)) return;
    if (depth > MAX_DEPTH) fail(`nested deeper than ${MAX_DEPTH} levels`, offsetOf(node));
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) return fail(`unknown anchor '${node.source}' referenced`, offsetOf(node));
      bound.set(node, target);
      return;
    }
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) anchors.set(anchor, node);
    if (isMap(node)) {
      for (const { key, value } of node.items) {
        walk(key, depth + 1);
        walk(value, depth + 1);
      }
    } else if (isSeq(node)) {
      for (const item of node.items) walk(item, depth + 1);
    }
  };
  walk(root, 0);
  return bound;
}

const CORE = 'tag:yaml.org,2002:';
const MERGE = Symbol('merge');

class Converter {
  readonly #bound: Map<Alias, Node>;
  readonly #fail: Fail;
  readonly #open = new Set<Node>();
  #depth = 0;
  #converted = 0;
  #fromAliases = 0;
  #aliasDepth = 0;

  constructor(bound: Map<Alias, Node>, fail: Fail) {
    this.#bound = bound;
    this.#fail = fail;
  }

  document(root: Node): Json {
    return this.#value(root);
  }

  #value(node: unknown): Json {
    if (!isNode(node)) return null;
    this.#count(node);
    if (isAlias(node)) return this.#alias(node, (target) => this.#value(target));
    if (++this.#depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} levels`, offsetOf(node));
    try {
      if (isScalar(node)) return this.#scalar(node);
      if (isMap(node)) {
        const object: JsonObject = {};
        this.#fill(node, object, new Map());
        return object;
      }
      if (isSeq(node)) return node.items.map((item) => this.#value(item));
      return this.#fail('a node of an unknown kind', offsetOf(node as Node));
    } finally {
      this.#depth--;
    }
  }

  /** The limit of go-yaml: the larger a document, the smaller the part of it that aliases may make. */
  #count(node: Node): void {
    this.#converted++;
    if (this.#aliasDepth === 0) return;
    this.#fromAliases++;
    if (this.#fromAliases <= 100 || this.#converted <= 1000) return;
    const over = Math.min(Math.max((this.#converted - 400_000) / 3_600_000, 0), 1);
    if (this.#fromAliases / this.#converted > 0.99 - 0.89 * over) {
      this.#fail('document contains excessive aliasing', offsetOf(node));
    }
  }

  #alias<T>(alias: Alias, use: (target: Node) => T): T {
    const target = this.#bound.get(alias);
    if (target === undefined || this.#open.has(target)) {
      return this.#fail(`anchor '${alias.source}' value contains itself`, offsetOf(alias));
    }
    this.#open.add(target);
    this.#aliasDepth++;
    try {
      return use(target);
    } finally {
      this.#aliasDepth--;
      this.#open.delete(target);
    }
  }

  /**
   * `keys` remembers how each key came to be there: a key may be given once, and once more over or under a
   * merge. As in go-yaml the later of the two wins, so merges belong first, where everyone puts them.
   */
  #fill(map: YAMLMap, object: JsonObject, keys: Map<string, 'own' | 'merged'>): void {
    for (const { key: keyNode, value: valueNode } of map.items) {
      const key = this.#key(keyNode);
      if (key === MERGE) {
        this.#merge(valueNode, object, keys, offsetOf(keyNode as Node));
        continue;
      }
      if (keys.get(key) === 'own') {
        this.#fail(`key ${JSON.stringify(key)} already set in map`, offsetOf(keyNode as Node));
      }
      keys.set(key, 'own');
      setOwn(object, key, this.#value(valueNode));
    }
  }

  #merge(source: unknown, object: JsonObject, keys: Map<string, 'own' | 'merged'>, offset: number): void {
    const mergeOne = (node: unknown): void => {
      if (isAlias(node)) {
        this.#count(node);
        this.#alias(node, mergeOne);
      } else if (isMap(node)) {
        const merged: JsonObject = {};
        this.#fill(node, merged, new Map());
        for (const key of Object.keys(merged)) {
          if (!keys.has(key)) keys.set(key, 'merged');
          setOwn(object, key, merged[key] as Json);
        }
      } else {
        this.#fail('map merge requires map or sequence of maps as the value', offset);
      }
    };
    // Earlier maps of a list take precedence.
    if (isSeq(source)) for (const item of source.items.toReversed()) mergeOne(item);
    else mergeOne(source);
  }

  /** Keys are texts in JSON: numbers and booleans become what Kubernetes makes of them. */
  #key(node: unknown): string | typeof MERGE {
    if (!isNode(node)) return this.#fail('a null can not be a map key', 0);
    this.#count(node);
    if (isAlias(node)) return this.#alias(node, (target) => this.#key(target));
    if (!isScalar(node)) return this.#fail('a map or list can not be a map key', offsetOf(node));
    if (node.type === 'PLAIN' && node.tag === undefined && node.source === '<<') return MERGE;
    const resolved = this.#resolve(node);
    switch (resolved.kind) {
      case 'null':
        return this.#fail('a null can not be a map key', offsetOf(node));
      case 'float':
        return formatGoFloat(resolved.value, 32);
      default:
        return String(resolved.value);
    }
  }

  #scalar(node: Scalar): Json {
    const resolved = this.#resolve(node);
    if (resolved.kind === 'int') return Number(resolved.value);
    if (resolved.kind === 'float' && !Number.isFinite(resolved.value)) {
      return this.#fail(`${textOf(node)} is no number that JSON can hold`, offsetOf(node));
    }
    return resolved.value;
  }

  #resolve(node: Scalar): Resolved {
    const text = textOf(node);
    const tag = node.tag;
    if (tag === undefined) {
      return node.type === 'PLAIN' ? resolvePlain(text) : { kind: 'string', value: text };
    }
    if (!tag.startsWith(CORE)) return { kind: 'string', value: text };
    const name = tag.slice(CORE.length);
    if (name === 'str') return { kind: 'string', value: text };
    if (name === 'binary') return { kind: 'string', value: this.#binary(node, text) };
    const resolved = resolvePlain(text);
    if (name === 'float' && resolved.kind === 'int') return { kind: 'float', value: Number(resolved.value) };
    if (name === resolved.kind || (name === 'timestamp' && resolved.kind === 'string')) return resolved;
    if (name === 'int' || name === 'float' || name === 'bool' || name === 'null') {
      return this.#fail(`cannot decode \`${text}\` as a !!${name}`, offsetOf(node));
    }
    return { kind: 'string', value: text };
  }

  #binary(node: Scalar, text: string): string {
    const compact = text.replace(/[\r\n]/g, '');
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact)) {
      this.#fail('!!binary value contains invalid base64 data', offsetOf(node));
    }
    return new TextDecoder().decode(Uint8Array.from(atob(compact), (char) => char.charCodeAt(0)));
  }
}

function textOf(node: Scalar): string {
  return typeof node.value === 'string' ? node.value : (node.source ?? '');
}
