import { Buffer, isAscii, isUtf8 } from 'node:buffer';
import { InputError } from './problem.ts';

/** A line without its end. */
export interface Line {
  readonly text: string;
  /** Why it cannot be read; the text is a guess then. */
  readonly broken?: string;
}

const LF = 0x0a;
const CR = 0x0d;
const UTF_8_MARK = Buffer.from('\ufeff');
/** What is sent instead of a CSV file in UTF-8, by the bytes that it begins with. */
const OTHER_FILES: readonly (readonly [Buffer, string])[] = [
  [Buffer.of(0xff, 0xfe), 'is UTF-16: save it as UTF-8'],
  [Buffer.of(0xfe, 0xff), 'is UTF-16: save it as UTF-8'],
  [Buffer.from('PK\x03\x04'), 'is a workbook (.xlsx, .ods) or a ZIP file, not text: save it as CSV'],
  [Buffer.of(0xd0, 0xcf, 0x11, 0xe0), 'is a workbook (.xls), not text: save it as CSV'],
  [Buffer.of(0x1f, 0x8b), 'is packed by gzip, not text: save it as CSV'],
];
/**
 * What the bytes 80–9F mean. ISO 8859-1 has control characters there that no text holds; programs that say Latin-1
 * write Windows-1252 (so does the WHATWG Encoding Standard, whose decoder is wrong for these in some Node versions).
 */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
/** No line of these files is near as long: a file without line ends is not one of them. */
const LONGEST_LINE = 1_000_000;

/**
 * The lines of a text (ended by LF or CRLF), without a byte order mark. It is UTF-8, or else Latin-1: when there is no
 * mark, and no line beyond ASCII is UTF-8. A line that is not UTF-8 in a text that is, is broken.
 *
 * @param open gives the bytes from the start, each time
 * @throws InputError for UTF-16, for lines that end in CR alone, and for one of more than a million bytes
 */
export async function* readLines(open: () => AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  const others: Pick<Line, 'broken'> = (await isLatin1(open()))
    ? {}
    : { broken: 'not UTF-8, as the rest of the file is' };
  for await (const raw of splitLines(open())) {
    const bytes = isMarked(raw) ? raw.subarray(UTF_8_MARK.length) : raw;
    const line = isUtf8(bytes) ? { text: bytes.toString() } : { text: decodeLatin1(bytes), ...others };
    yield bytes.includes(CR) ? { ...line, broken: 'a CR alone, which may be the end of a line' } : line;
  }
}

/** A character beyond ASCII in UTF-8, byte by byte: what two or more letters of Latin-1 hardly ever look like. */
const CHARACTER = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}/;

async function isLatin1(chunks: AsyncIterable<Uint8Array>): Promise<boolean> {
  for await (const line of splitLines(chunks)) {
    if (isMarked(line) || (!isAscii(line) && (isUtf8(line) || CHARACTER.test(decodeLatin1(line))))) return false;
  }
  return true;
}

function isMarked(line: Buffer): boolean {
  return line.subarray(0, UTF_8_MARK.length).equals(UTF_8_MARK);
}

async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  let isFirst = true;
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(LF); end >= 0; end = rest.indexOf(LF)) {
      yield take(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    if (rest.length > LONGEST_LINE) {
      take(rest);
      throw new InputError('has a line of more than a million bytes');
    }
  }
  if (rest.length > 0) yield take(rest);

  function take(bytes: Buffer): Buffer {
    const line = bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes;
    if (!isFirst) return line;
    isFirst = false;
    const [, what] = OTHER_FILES.find(([begin]) => line.subarray(0, begin.length).equals(begin)) ?? [];
    if (what !== undefined) throw new InputError(what);
    if (line.includes(0)) throw new InputError('has NUL bytes, as UTF-16 has: save it as UTF-8');
    if (line.includes(CR)) throw new InputError('has lines that end in CR alone: save it with LF or CRLF');
    return line;
  }
}

function decodeLatin1(bytes: Buffer): string {
  return bytes.toString('latin1').replace(/[\u0080-\u009f]/g, (char) => WINDOWS_1252.charAt(char.charCodeAt(0) - 0x80));
}
