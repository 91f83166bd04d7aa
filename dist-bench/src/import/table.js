import { CsvError, parse } from 'csv-parse/sync';
import { InputError } from "./problem.js";
/**
 * Reads a CSV text (RFC 4180) whose first line names its columns; their order is free and others may be there. A
 * record ends with its line, so that a quote that is left open spoils one line and not the rest of the file. Blank
 * lines are passed over, and blanks around fields.
 *
 * @throws InputError when the header lacks a column or has it twice
 */
export async function* parseTable(lines, columns) {
    let header;
    let line = 0;
    for await (const text of lines) {
        line += 1;
        if (text.trim() === '')
            continue;
        if (header)
            yield parseRow(text, line, header);
        else
            header = parseHeader(text, columns);
    }
    if (!header)
        throw new InputError('is empty');
}
function parseHeader(text, columns) {
    const names = splitFields(text)?.map((name) => name.toLowerCase());
    if (!names)
        throw new InputError('has a header with a quote that is not closed');
    const positions = columns.map((column) => {
        const position = names.indexOf(column);
        if (position < 0)
            throw new InputError(`has no column "${column}" (its first line names: ${names.join(', ').slice(0, 200)})`);
        if (names.includes(column, position + 1))
            throw new InputError(`has the column "${column}" twice`);
        return [column, position];
    });
    return { width: names.length, columns, positions: Object.fromEntries(positions) };
}
function parseRow(text, line, { width, columns, positions }) {
    const fields = splitFields(text);
    if (fields?.length === width) {
        const values = columns.map((column) => [column, fields[positions[column]] ?? '']);
        return { line, values: Object.fromEntries(values) };
    }
    const broken = fields
        ? `${fields.length} fields where the header has ${width}`
        : 'a quote that is not closed, or text beside it';
    const pieces = fields ?? text.split(',').map((piece) => piece.replaceAll('"', '').trim());
    const guess = (column) => {
        const position = positions[column];
        return [pieces[position], pieces[position - width + pieces.length]].filter((piece) => piece !== undefined);
    };
    return { line, broken, guess };
}
/** The fields of one line, or undefined when its quotes do not match. */
export function splitFields(text) {
    if (!text.includes('"'))
        return text.split(',').map((field) => field.trim());
    try {
        const [fields] = parse(text, { trim: true, relax_column_count: true, record_delimiter: '\n' });
        return fields;
    }
    catch (error) {
        if (error instanceof CsvError)
            return undefined;
        throw error;
    }
}
