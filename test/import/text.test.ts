import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/import/problem.ts';
import { detectEncoding, type Encoding, readLines } from '../../src/import/text.ts';
import { collect } from './support.ts';

const NAME = "'Nduja – ‘forte’ ë";
const LATIN_1 = Buffer.from("'Nduja \x96 \x91forte\x92 \xeb", 'latin1');

/** Each byte comes alone, so that every character and every line end is cut somewhere. */
async function* bytewise(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const byte of bytes) yield await Promise.resolve(Uint8Array.of(byte));
}

async function linesOf(bytes: Uint8Array, encoding: Encoding): Promise<string[]> {
  return collect(readLines(bytewise(bytes), encoding));
}

describe('the encoding of a file', () => {
  it.each([
    ['ASCII', Buffer.from('plain'), 'utf-8'],
    ['accents in UTF-8, cut between their bytes', Buffer.from('crème'), 'utf-8'],
    ['a byte order mark', Buffer.from('\ufeffcrème'), 'utf-8'],
    ['accents in Latin-1', Buffer.from('crème', 'latin1'), 'latin-1'],
    ['a character that the end of the file cuts off', Buffer.from('crè').subarray(0, -1), 'latin-1'],
    ['nothing', Buffer.alloc(0), 'utf-8'],
  ])('with %s is recognized', async (_, bytes, expected) => {
    expect(await detectEncoding(bytewise(bytes))).toBe(expected);
  });
});

describe('lines', () => {
  it('of a UTF-8 file with a byte order mark come without the mark', async () => {
    expect(await linesOf(Buffer.from(`\ufefforder_id\n${NAME}\n`), 'utf-8')).toEqual(['order_id', NAME]);
  });

  it('of a Latin-1 file, with the quotes and dashes of Windows, are decoded', async () => {
    expect(await linesOf(LATIN_1, 'latin-1')).toEqual([NAME]);
  });

  it('that end in CRLF, cut between the two, are the same as with LF', async () => {
    expect(await linesOf(Buffer.from('a\r\nb\n\r\nc'), 'utf-8')).toEqual(['a', 'b', '', 'c']);
  });

  it('without any end are refused before they fill the memory', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield await Promise.resolve(Buffer.alloc(100_000, 'x'));
    }
    await expect(collect(readLines(endless(), 'utf-8'))).rejects.toThrow(InputError);
  });
});
