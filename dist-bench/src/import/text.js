import { Buffer } from 'node:buffer';
import { InputError } from "./problem.js";
/**
 * What the bytes 80–9F mean. ISO 8859-1 has control characters there that no text holds; programs that say Latin-1
 * write Windows-1252 (so does the WHATWG Encoding Standard, whose decoder is wrong for these in some Node versions).
 */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
/** No line of these files is near as long: a file without line ends is not one of them. */
const LONGEST_LINE = 1_000_000;
/** UTF-8 when every byte of the text is valid UTF-8, else Latin-1. */
export async function detectEncoding(chunks) {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    try {
        for await (const chunk of chunks)
            decoder.decode(chunk, { stream: true });
        decoder.decode();
        return 'utf-8';
    }
    catch (error) {
        if (error instanceof TypeError)
            return 'latin-1';
        throw error;
    }
}
/**
 * The lines of a text, without their ends (LF or CRLF) and without a byte order mark.
 *
 * @throws InputError for a line of more than a million characters
 */
export async function* readLines(chunks, encoding) {
    const decode = encoding === 'utf-8' ? createUtf8Decoder() : decodeLatin1;
    let rest = '';
    for await (const chunk of chunks) {
        const lines = (rest + decode(chunk)).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > LONGEST_LINE)
            throw new InputError('has a line of more than a million characters');
        for (const line of lines)
            yield withoutReturn(line);
    }
    if (rest !== '')
        yield withoutReturn(rest);
}
function createUtf8Decoder() {
    const decoder = new TextDecoder('utf-8'); // drops the byte order mark
    return (chunk) => decoder.decode(chunk, { stream: true });
}
function decodeLatin1(chunk) {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
    return text.replace(/[\u0080-\u009f]/g, (char) => WINDOWS_1252.charAt(char.charCodeAt(0) - 0x80));
}
function withoutReturn(line) {
    return line.endsWith('\r') ? line.slice(0, -1) : line;
}
