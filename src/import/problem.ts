/** Something wrong with one line of an input file; lines count from 1, the header included. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export type Report = (problem: Problem) => void;

/** What goes with reading every file: where its bad lines are told, and what ends it. */
export interface Reading {
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** As compilers write it, so that editors can jump to the line. */
export function formatProblem({ file, line, message }: Problem): string {
  return `${file}:${line}: ${message}`;
}

/** One line is bad; the message says why. The run goes on without it. */
export class BadLineError extends Error {
  override readonly name = 'BadLineError';
}

/** A file as a whole cannot be used: missing, empty, or without a needed column. */
export class InputError extends Error {
  override readonly name = 'InputError';
}
