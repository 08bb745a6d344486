/** Annotated CSV, in which InfluxDB answers Flux queries. Pure. */

/** One row: its columns by name, typed by the `#datatype` annotation, with defaults filled in. */
export type Row = ReadonlyMap<string, Cell>;

export interface Cell {
  /** `double`, `long`, `unsignedLong`, `boolean`, `string`, `dateTime:RFC3339`, ... */
  readonly type: string;
  /** Undefined: null. */
  readonly text: string | undefined;
}

/** What is not annotated CSV. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
}

interface Table {
  readonly types: readonly string[];
  readonly defaults: readonly string[];
  readonly names: readonly string[] | undefined;
}

const NO_TABLE: Table = { types: [], defaults: [], names: undefined };

/** All rows of all tables, in their order. Throws `CsvError`. */
export function parseAnnotatedCsv(text: string): Row[] {
  const rows: Row[] = [];
  let table = NO_TABLE;
  for (const record of recordsOf(text)) {
    const [mark = ''] = record;
    if (record.length === 1 && mark === '') {
      // An empty line ends a table; without new annotations a header follows.
      table = { ...table, names: undefined };
    } else if (mark.startsWith('#')) {
      if (table.names !== undefined) table = NO_TABLE;
      if (mark === '#datatype') table = { ...table, types: record };
      if (mark === '#default') table = { ...table, defaults: record };
    } else if (table.names === undefined) {
      table = { ...table, names: record };
    } else rows.push(rowOf(record, table, table.names));
  }
  return rows;
}

function rowOf(record: readonly string[], table: Table, names: readonly string[]): Row {
  if (record.length !== names.length)
    throw new CsvError(`a row has ${record.length} columns, its table has ${names.length}`);
  const row = new Map<string, Cell>();
  // The first column belongs to the annotations.
  for (let index = 1; index < names.length; index++) {
    const type = table.types[index] ?? 'string';
    const given = record[index] ?? '';
    const text = given === '' ? (table.defaults[index] ?? '') : given;
    row.set(names[index] ?? '', { type, text: text === '' && type !== 'string' ? undefined : text });
  }
  return row;
}

/** RFC 4180: fields in quotes may hold commas, line ends and doubled quotes. */
function* recordsOf(text: string): Generator<string[]> {
  let at = 0;
  let record: string[] = [];
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      const start = at;
      for (;;) {
        const quote = text.indexOf('"', at + 1);
        if (quote < 0) throw new CsvError('a quoted field has no end');
        at = quote + 1;
        if (text[at] !== '"') break;
      }
      field = text.slice(start + 1, at - 1).replaceAll('""', '"');
    } else {
      const start = at;
      while (at < text.length && text[at] !== ',' && text[at] !== '\n' && text[at] !== '\r') at++;
      field = text.slice(start, at);
    }
    record.push(field);
    if (text[at] === ',') {
      at++;
      if (at === text.length) record.push('');
      continue;
    }
    if (text[at] === '\r') at++;
    if (text[at] === '\n') at++;
    else if (at < text.length) throw new CsvError('a quoted field is followed by other text');
    yield record;
    record = [];
  }
  if (record.length > 0) yield record;
}
