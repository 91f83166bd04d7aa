import { CsvError, parse } from 'csv-parse/sync';
import { InputError } from './problem.ts';
import { quote } from './rows.ts';
import type { Line } from './text.ts';

/** A line with as many fields as the header has. */
export interface Row<Column extends string> {
  readonly line: number;
  readonly values: Readonly<Record<Column, string>>;
}

/** A line that is no row. */
export interface BrokenRow<Column extends string> {
  readonly line: number;
  readonly broken: string;
  /** What the column may hold: its field counted from the left and from the right, for one too many or too few. */
  readonly guess: (column: Column) => readonly string[];
}

/** What a line has, or may have, in a column. */
export function fieldsOf<Column extends string>(
  row: Row<Column> | BrokenRow<Column>,
  column: Column,
): readonly string[] {
  return 'broken' in row ? row.guess(column) : [row.values[column]];
}

/**
 * Reads a CSV text (RFC 4180) whose first line names its columns; their order is free and others may be there. A
 * record ends with its line, so that a quote that is left open spoils one line and not the rest of the file. Blank
 * lines are passed over, and blanks around fields.
 *
 * @throws InputError when the header lacks a column, has it twice, or separates them by anything but commas
 */
export async function* parseTable<Column extends string>(
  lines: AsyncIterable<Line>,
  columns: readonly Column[],
): AsyncGenerator<Row<Column> | BrokenRow<Column>> {
  let header: Header<Column> | undefined;
  let line = 0;
  for await (const { text, broken } of lines) {
    line += 1;
    if (text.trim() === '') continue;
    if (header) {
      const row = parseRow(text, line, header);
      if (broken === undefined) yield row;
      else yield { line, broken, guess: (column) => fieldsOf(row, column) };
    } else {
      header = parseHeader(text, columns);
    }
  }
  if (!header) throw new InputError('is empty');
}

interface Header<Column extends string> {
  readonly width: number;
  readonly columns: readonly Column[];
  readonly positions: Readonly<Record<Column, number>>;
}

const OTHER_SEPARATORS = { semicolons: ';', tabs: '\t', bars: '|' };

function parseHeader<Column extends string>(text: string, columns: readonly Column[]): Header<Column> {
  if (/^"?sep=/i.test(text)) {
    throw new InputError(`begins with ${quote(text)}: remove that line, and separate the fields by commas`);
  }
  for (const [name, separator] of Object.entries(OTHER_SEPARATORS)) {
    const names = text.split(separator).map((field) => field.replaceAll('"', '').trim().toLowerCase());
    if (columns.every((column) => names.includes(column))) {
      throw new InputError(`separates its fields by ${name}: save it with commas`);
    }
  }
  const names = splitFields(text)?.map((name) => name.toLowerCase());
  if (!names) throw new InputError('has a header with a quote that is not closed');
  const positions = columns.map((column) => {
    const position = names.indexOf(column);
    if (position < 0)
      throw new InputError(
        `has no column "${column}" (its first line names: ${names.map(quote).join(', ').slice(0, 200)})`,
      );
    if (names.includes(column, position + 1)) throw new InputError(`has the column "${column}" twice`);
    return [column, position] as const;
  });
  return { width: names.length, columns, positions: Object.fromEntries(positions) as Record<Column, number> };
}

function parseRow<Column extends string>(
  text: string,
  line: number,
  { width, columns, positions }: Header<Column>,
): Row<Column> | BrokenRow<Column> {
  const fields = splitFields(text);
  if (fields?.length === width) {
    const values = columns.map((column) => [column, fields[positions[column]] ?? '']);
    return { line, values: Object.fromEntries(values) as Record<Column, string> };
  }
  const broken = fields
    ? `${fields.length} fields where the header has ${width}`
    : 'a quote that is not closed, or text beside it';
  const pieces = fields ?? text.split(',').map((piece) => piece.replaceAll('"', '').trim());
  const guess = (column: Column) => {
    const position = positions[column];
    return [pieces[position], pieces[position - width + pieces.length]].filter((piece) => piece !== undefined);
  };
  return { line, broken, guess };
}

/** The fields of one line, or undefined when its quotes do not match. */
export function splitFields(text: string): string[] | undefined {
  if (!text.includes('"')) return text.split(',').map((field) => field.trim());
  try {
    const [fields] = parse(text, { trim: true, relax_column_count: true, record_delimiter: '\n' });
    return fields;
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}
