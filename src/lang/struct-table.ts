/**
 * Tables of Go structs, ready for walking: one struct a line, its name and then its fields in order as
 * `name`, flags, `:` and type (see `core-v1-fields.ts` for the letters). Pure.
 */

export type FieldType =
  | { readonly kind: 'string' | 'bool' | 'int' | 'quantity' | 'time' | 'int-or-string' | 'bytes' | 'raw' }
  | { readonly kind: 'pointer' | 'list' | 'map'; readonly of: FieldType }
  | { readonly kind: 'struct'; readonly struct: Struct };

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly omitEmpty: boolean;
  readonly omitZero: boolean;
}

export interface Struct {
  readonly name: string;
  /** In the order in which Go prints them. */
  readonly fields: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
}

const SCALARS = {
  s: 'string',
  b: 'bool',
  i: 'int',
  l: 'int',
  q: 'quantity',
  t: 'time',
  x: 'int-or-string',
  y: 'bytes',
  r: 'raw',
} as const;

interface OpenStruct {
  name: string;
  fields: Field[];
  byName: Map<string, Field>;
}

export function readStructs(table: string): Map<string, Struct> {
  const structs = new Map<string, OpenStruct>();
  const lines = table.split('\n').map((line) => line.split(' '));
  for (const [name = ''] of lines) structs.set(name, { name, fields: [], byName: new Map() });
  const typeOf = (code: string): FieldType => {
    if (code.startsWith('*')) return { kind: 'pointer', of: typeOf(code.slice(1)) };
    if (code.startsWith('[]')) return { kind: 'list', of: typeOf(code.slice(2)) };
    if (code.startsWith('{}')) return { kind: 'map', of: typeOf(code.slice(2)) };
    const scalar = Object.hasOwn(SCALARS, code) ? SCALARS[code as keyof typeof SCALARS] : undefined;
    if (scalar !== undefined) return { kind: scalar };
    const struct = structs.get(code);
    if (struct === undefined) throw new Error(`the table of structs names an unknown type ${code}`);
    return { kind: 'struct', struct };
  };
  for (const [name = '', ...fields] of lines) {
    const struct = structs.get(name) as OpenStruct;
    for (const text of fields) {
      const [, field = '', flags = '', code = ''] = /^(\w+)([?!]*):(\S+)$/.exec(text) ?? [];
      const read: Field = {
        name: field,
        type: typeOf(code),
        omitEmpty: flags.includes('?'),
        omitZero: flags.includes('!'),
      };
      struct.fields.push(read);
      struct.byName.set(field, read);
    }
  }
  return structs;
}
