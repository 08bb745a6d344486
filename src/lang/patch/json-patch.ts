/**
 * JSON patch (RFC 6902) as the API server applies it: negative indices count from the end, `replace` of an
 * absent key adds it, errors have the server's texts. Pure; the document stays untouched.
 */

import { deepEqual, isObject, type Json, type JsonObject } from '../json.ts';
import { cloneJson, getOwn, setOwn } from '../own.ts';

export type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; path: string; from: string };

export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError';
  /** A `test` said no: the document is not as expected. Everything else is a patch that doesn't fit. */
  readonly testFailed: boolean;

  constructor(message: string, testFailed = false) {
    super(message);
    this.testFailed = testFailed;
  }
}

/** The API server's limit of operations. */
export const MAX_OPERATIONS = 10_000;
/** Characters that all `copy` operations of a patch may add together; without it few operations make gigabytes. */
const MAX_COPIED = 3 * 1024 * 1024;

/** Throws `JsonPatchError`; then nothing was applied. */
export function applyJsonPatch(doc: Json, operations: readonly JsonPatchOperation[]): Json {
  if (!Array.isArray(operations)) throw new JsonPatchError('a JSON patch must be a list of operations');
  if (operations.length > MAX_OPERATIONS) {
    throw new JsonPatchError(
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`,
    );
  }
  let root = cloneJson(doc);
  let copied = 0;
  for (const operation of operations as readonly unknown[]) {
    if (!isObject(operation)) throw new JsonPatchError('each operation of a JSON patch must be an object');
    const { op, from } = operation;
    const path = operation['path'];
    const value = (): Json => cloneJson(operation['value'] ?? null);
    const name = typeof op === 'string' ? op : 'unknown';
    if (typeof path !== 'string') {
      throw new JsonPatchError(`${name} operation failed to decode path: missing value`);
    }
    switch (op) {
      case 'add':
        add(
          locate(root, path, `add operation does not apply: doc is missing path: "${path}"`),
          value(),
          path,
        );
        break;
      case 'remove':
        remove(locate(root, path, `remove operation does not apply: doc is missing path: "${path}"`), path);
        break;
      case 'replace':
        if (path === '') {
          root = value();
          if (typeof root !== 'object' || root === null) {
            throw new JsonPatchError('replace operation value must be object or array');
          }
        } else {
          replace(
            locate(root, path, `replace operation does not apply: doc is missing path: ${path}`),
            value(),
            path,
          );
        }
        break;
      case 'test':
        if (!deepEqual(path === '' ? root : valueForTest(root, path), value())) {
          throw new JsonPatchError(`testing value ${path} failed: test failed`, true);
        }
        break;
      case 'move':
      case 'copy': {
        if (typeof from !== 'string') {
          throw new JsonPatchError(`${op} operation failed to decode from: missing value`);
        }
        const source = locate(
          root,
          from,
          `${op} operation does not apply: doc is missing from path: ${from}`,
        );
        const moved = read(source, `error in ${op} for path: '${from}'`);
        if (op === 'move') remove(source, from);
        else {
          copied += JSON.stringify(moved).length;
          if (copied > MAX_COPIED) {
            throw new JsonPatchError(
              `the copy operations of the patch add more than ${MAX_COPIED} characters`,
            );
          }
        }
        const missing = `${op} operation does not apply: doc is missing destination path: ${path}`;
        add(locate(root, path, missing), cloneJson(moved), path);
        break;
      }
      default:
        throw new JsonPatchError(`Unexpected kind: ${name}`);
    }
  }
  return root;
}

interface Place {
  readonly container: JsonObject | Json[];
  readonly key: string;
}

function locate(root: Json, path: string, missing: string): Place {
  const parts = path.split('/');
  if (parts.length < 2 || parts[0] !== '') throw new JsonPatchError(`${missing}: missing value`);
  const keys = parts.slice(1).map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = keys.pop() as string;
  let at: Json | undefined = root;
  for (const key of keys) {
    if (Array.isArray(at)) at = at[index(key, at.length) ?? -1];
    else at = isObject(at) ? getOwn(at, key) : undefined;
  }
  if (!Array.isArray(at) && !isObject(at)) throw new JsonPatchError(`${missing}: missing value`);
  return { container: at, key: last };
}

/** An existing position; negative ones count from the end. */
function index(key: string, length: number): number | undefined {
  if (!/^[-+]?\d{1,15}$/.test(key)) return undefined;
  const wanted = Number(key);
  const position = wanted < 0 ? wanted + length : wanted;
  return position >= 0 && position < length ? position : undefined;
}

function position(key: string, length: number, where: string): number {
  const found = index(key, length);
  if (found !== undefined) return found;
  throw new JsonPatchError(
    /^[-+]?\d+$/.test(key)
      ? `${where}: Unable to access invalid index: ${key}: invalid index referenced`
      : `${where}: value was not a proper array index: '${key}'`,
  );
}

function read({ container, key }: Place, where: string): Json {
  const value = Array.isArray(container)
    ? container[position(key, container.length, where)]
    : getOwn(container, key);
  if (value === undefined) throw new JsonPatchError(`${where}: key ${key} is not there: missing value`);
  return value;
}

/** An absent key equals null in a test, as on the API server. */
function valueForTest(root: Json, path: string): Json {
  const { container, key } = locate(root, path, `test operation does not apply: is missing path: ${path}`);
  if (!Array.isArray(container)) return getOwn(container, key) ?? null;
  return container[position(key, container.length, `error in test for path: '${path}'`)] ?? null;
}

function add({ container, key }: Place, value: Json, path: string): void {
  if (!Array.isArray(container)) setOwn(container, key, value);
  else if (key === '-') container.push(value);
  else {
    // One more place than the list has: the end is a valid position.
    container.splice(position(key, container.length + 1, `error in add for path: '${path}'`), 0, value);
  }
}

function remove({ container, key }: Place, path: string): void {
  const where = `error in remove for path: '${path}'`;
  if (Array.isArray(container)) container.splice(position(key, container.length, where), 1);
  else if (getOwn(container, key) === undefined) {
    throw new JsonPatchError(`${where}: Unable to remove nonexistent key: ${key}: missing value`);
  } else delete container[key];
}

function replace({ container, key }: Place, value: Json, path: string): void {
  if (Array.isArray(container)) {
    const missing = `replace operation does not apply: doc is missing key: ${path}: missing value`;
    const found = index(key, container.length);
    if (found === undefined) throw new JsonPatchError(missing);
    container[found] = value;
  } else setOwn(container, key, value);
}
