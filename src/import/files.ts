import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { InputError } from './problem.ts';
import { type BrokenRow, parseTable, type Row } from './table.ts';
import { readLines } from './text.ts';

/** Paths of the four files. */
export interface ImportFiles {
  readonly orders: string;
  readonly details: string;
  readonly pizzas: string;
  readonly types: string;
}

/**
 * The rows of a CSV file, read as a stream; UTF-8 or Latin-1, whichever it is.
 *
 * @param signal ends it with an AbortError
 * @throws InputError that names the file when it cannot be read or lacks a column
 */
export async function* readTable<Column extends string>(
  path: string,
  columns: readonly Column[],
  signal: AbortSignal,
): AsyncGenerator<Row<Column> | BrokenRow<Column>> {
  try {
    // It is read twice. A pipe gives what it has once, and one that nobody writes to is waited for without an end.
    if (!(await stat(path)).isFile()) throw new InputError('is no file: save what it gives in one');
    yield* parseTable(
      readLines(() => chunksOf(path, signal)),
      columns,
    );
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${path} ${error.message}`);
    if (isFileError(error)) throw new InputError(`${path} cannot be read: ${error.message}`, { cause: error });
    throw error;
  }
}

function chunksOf(path: string, signal: AbortSignal): AsyncIterable<Uint8Array> {
  return createReadStream(path, { signal }) as AsyncIterable<Uint8Array>; // no encoding is set, so that it gives bytes
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && (error as NodeJS.ErrnoException).syscall !== undefined;
}
