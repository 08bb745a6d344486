/** Arguments as a Rollout gives them, made into plain values (spec 05 section 2.1). */

import type { Argument, AnalysisRunArgument } from './types.ts';
import { AnalysisBuildError } from './flatten.ts';
import { formatGoFloat, quoteGo } from '../../lang/go-format.ts';

export interface RolloutHashes {
  latestHash: string;
  stableHash: string;
}

/**
 * Every argument gets a literal value. A path that leads nowhere is an error wherever it stands in the list (the
 * reference forgets it unless it is the last one and takes an empty value).
 */
export function resolveRolloutArgs(
  args: readonly AnalysisRunArgument[] | undefined,
  rollout: object,
  hashes: RolloutHashes,
): { args: Argument[] } | { error: string } {
  try {
    return { args: (args ?? []).map((arg) => ({ name: arg.name, value: valueOf(arg, rollout, hashes) })) };
  } catch (error) {
    if (error instanceof AnalysisBuildError) return { error: error.message };
    throw error;
  }
}

function valueOf(arg: AnalysisRunArgument, rollout: object, hashes: RolloutHashes): string {
  const from = arg.valueFrom;
  if (from?.podTemplateHashValue === 'Latest') return hashes.latestHash;
  if (from?.podTemplateHashValue === 'Stable') return hashes.stableHash;
  if (from?.fieldRef !== undefined && from.fieldRef !== null)
    return fieldValue(from.fieldRef.fieldPath ?? '', rollout);
  return arg.value ?? '';
}

function fieldValue(path: string, rollout: object): string {
  return path.startsWith('metadata') ? downwardField(path, rollout) : pathValue(path, rollout);
}

/** What the downward API of pods allows: `metadata.name`, `metadata.labels['key']`, the whole map, ... */
function downwardField(path: string, rollout: object): string {
  const metadata = own(rollout, 'metadata');
  const subscript = /^metadata\.(annotations|labels)\['(.+)'\]$/s.exec(path);
  if (subscript !== null) {
    const [, map = '', key = ''] = subscript;
    return text(own(own(metadata, map), key));
  }
  switch (path) {
    case 'metadata.name':
    case 'metadata.namespace':
    case 'metadata.uid':
      return text(own(metadata, path.slice('metadata.'.length)));
    case 'metadata.labels':
    case 'metadata.annotations':
      return formatMap(own(metadata, path.slice('metadata.'.length)));
    default:
      throw new AnalysisBuildError(`unsupported fieldPath: ${path}`);
  }
}

/** `key="value"` lines, sorted by key, without a line end. */
function formatMap(map: unknown): string {
  if (typeof map !== 'object' || map === null) return '';
  return Object.keys(map)
    .sort()
    .map((key) => `${key}=${quoteGo(text(own(map, key)))}`)
    .join('\n');
}

/** A path into the Rollout: any run of `.`, `[` and `]` parts two keys. */
function pathValue(path: string, rollout: object): string {
  let value: unknown = rollout;
  for (const key of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    if (Array.isArray(value)) {
      if (!/^[+-]?\d+$/.test(key)) throw new AnalysisBuildError(`invalid index '${key}'`);
      const index = Number(key);
      if (index < 0 || index >= value.length) throw new AnalysisBuildError(`index ${index} out of range`);
      value = value[index];
    } else {
      value = own(value, key);
      if (value === undefined || value === null)
        throw new AnalysisBuildError(`invalid path ${path} in rollout`);
    }
  }
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return formatGoFloat(value);
  throw new AnalysisBuildError(`path ${path} in rollout must terminate in a primitive value`);
}

function own(object: unknown, key: string): unknown {
  return typeof object === 'object' && object !== null && Object.hasOwn(object, key)
    ? (object as Record<string, unknown>)[key]
    : undefined;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
