/**
 * The Go types that expressions see. Conditions are checked before they run against the type of the actual result
 * (spec 05 section 7), and error texts name these types, so they are modelled as Go's reflection shows them.
 * Types are interned: equal types are the same object.
 */

export type Kind =
  | 'bool'
  | 'int'
  | 'int64'
  | 'uint8'
  | 'float64'
  | 'string'
  | 'slice'
  | 'array'
  | 'map'
  | 'struct'
  | 'func'
  | 'ptr'
  | 'interface';

export interface GoType {
  readonly kind: Kind;
  /** As Go's reflection prints it, such as `[]interface {}`. */
  readonly name: string;
  /** A type with a package, such as time.Duration. */
  readonly named: boolean;
  readonly elem?: GoType;
  readonly key?: GoType;
  readonly params?: readonly GoType[];
  readonly results?: readonly GoType[];
}

const interned = new Map<string, GoType>();

function intern(type: GoType): GoType {
  const known = interned.get(type.name);
  if (known !== undefined) return known;
  interned.set(type.name, type);
  return type;
}

const basic = (kind: Kind, name: string = kind): GoType => intern({ kind, name, named: false });
const named = (kind: Kind, name: string): GoType => intern({ kind, name, named: true });

export const ANY = basic('interface', 'interface {}');
export const BOOL = basic('bool');
export const INT = basic('int');
export const INT64 = basic('int64');
export const UINT8 = basic('uint8');
export const FLOAT = basic('float64');
export const STRING = basic('string');
export const TIME = named('struct', 'time.Time');
export const DURATION = named('int64', 'time.Duration');
export const MONTH = named('int', 'time.Month');
export const WEEKDAY = named('int', 'time.Weekday');
export const ERROR = named('interface', 'error');
export const LOCATION = intern({
  kind: 'ptr',
  name: '*time.Location',
  named: false,
  elem: named('struct', 'time.Location'),
});

export const sliceOf = (elem: GoType): GoType =>
  intern({ kind: 'slice', name: `[]${elem.name}`, named: false, elem });
export const pairOf = (elem: GoType): GoType =>
  intern({ kind: 'array', name: `[2]${elem.name}`, named: false, elem });
export const mapOf = (key: GoType, elem: GoType): GoType =>
  intern({ kind: 'map', name: `map[${key.name}]${elem.name}`, named: false, key, elem });

export function funcOf(params: readonly GoType[], ...results: readonly GoType[]): GoType {
  const list = results.map((type) => type.name).join(', ');
  const suffix = results.length === 0 ? '' : results.length === 1 ? ` ${list}` : ` (${list})`;
  const name = `func(${params.map((type) => type.name).join(', ')})${suffix}`;
  return intern({ kind: 'func', name, named: false, params, results });
}

export const ANY_SLICE = sliceOf(ANY);
export const STRING_SLICE = sliceOf(STRING);
export const INT_SLICE = sliceOf(INT);
export const FLOAT_SLICE = sliceOf(FLOAT);
export const BYTES = sliceOf(UINT8);
export const STRING_MAP = mapOf(STRING, ANY);
export const ANY_MAP = mapOf(ANY, ANY);
export const GROUPS = mapOf(ANY, ANY_SLICE);

export const isIntegerType = (type: GoType | undefined): boolean =>
  type !== undefined &&
  !type.named &&
  (type.kind === 'int' || type.kind === 'int64' || type.kind === 'uint8');
export const isFloatType = (type: GoType | undefined): boolean => type === FLOAT;
export const isListType = (type: GoType | undefined): boolean =>
  type?.kind === 'slice' || type?.kind === 'array';

/** Go's assignability, as far as the types here can differ: the same type, or an empty interface on the left. */
export const isAssignable = (from: GoType, to: GoType): boolean => from === to || to === ANY;
