/** As compilers write it, so that editors can jump to the line. */
export function formatProblem({ file, line, message }) {
    return `${file}:${line}: ${message}`;
}
/** One line is bad; the message says why. The run goes on without it. */
export class BadLineError extends Error {
    name = 'BadLineError';
}
/** A file as a whole cannot be used: missing, empty, or without a needed column. */
export class InputError extends Error {
    name = 'InputError';
}
