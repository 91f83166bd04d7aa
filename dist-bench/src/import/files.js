import { createReadStream } from 'node:fs';
import { InputError } from "./problem.js";
import { parseTable } from "./table.js";
import { detectEncoding, readLines } from "./text.js";
/**
 * The rows of a CSV file, read as a stream; UTF-8 or Latin-1, whichever it is.
 *
 * @throws InputError that names the file when it cannot be read or lacks a column
 */
export async function* readTable(path, columns) {
    try {
        const encoding = await detectEncoding(chunksOf(path));
        yield* parseTable(readLines(chunksOf(path), encoding), columns);
    }
    catch (error) {
        if (error instanceof InputError)
            throw new InputError(`${path} ${error.message}`);
        if (isFileError(error))
            throw new InputError(`${path} cannot be read: ${error.message}`, { cause: error });
        throw error;
    }
}
function chunksOf(path) {
    return createReadStream(path); // no encoding is set, so that it gives bytes
}
function isFileError(error) {
    return error instanceof Error && error.syscall !== undefined;
}
