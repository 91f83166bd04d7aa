import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/import/problem.ts';
import { readLines } from '../../src/import/text.ts';
import { collect } from './support.ts';

const NAME = "'Nduja – ‘forte’ ë";
const LATIN_1 = Buffer.from("'Nduja \x96 \x91forte\x92 \xeb", 'latin1');

/** Each byte comes alone, so that every character and every line end is cut somewhere. */
async function* bytewise(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (const byte of bytes) yield await Promise.resolve(Uint8Array.of(byte));
}

const linesOf = (bytes: Uint8Array) => collect(readLines(() => bytewise(bytes)));
const textOf = async (bytes: Uint8Array) => (await linesOf(bytes)).map(({ text }) => text);

describe('lines', () => {
  it('that hold a CR alone, behind the first, are broken', async () => {
    const lines = await linesOf(Buffer.from('order_id\n1\r2\r\n3\n'));
    const broken = 'a CR alone, which may be the end of a line';
    expect(lines).toEqual([{ text: 'order_id' }, { text: '1\r2', broken }, { text: '3' }]);
  });

  it.each([
    ['ASCII', Buffer.from('plain'), ['plain']],
    ['accents in UTF-8', Buffer.from(`order_id\n${NAME}\n`), ['order_id', NAME]],
    ['a byte order mark', Buffer.from(`\ufefforder_id\n${NAME}\n`), ['order_id', NAME]],
    ['the quotes and dashes of Windows, in Latin-1', LATIN_1, [NAME]],
    ['a character in Latin-1 that begins one of UTF-8', Buffer.from('crè').subarray(0, -1), ['crÃ']],
    ['nothing', Buffer.alloc(0), []],
    ['CRLF, cut between the two', Buffer.from('a\r\nb\n\r\nc'), ['a', 'b', '', 'c']],
  ])('of a file with %s are decoded', async (_, bytes, expected) => {
    const lines = await linesOf(bytes);
    expect(lines).toEqual(expected.map((text) => ({ text })));
  });

  it.each([
    ['other lines are UTF-8', [Buffer.from('crème\n'), Buffer.from('crème\n', 'latin1'), Buffer.from('crème')]],
    ['there is a byte order mark', [Buffer.from('\ufeffplain\n'), Buffer.from('crème\n', 'latin1'), Buffer.from('x')]],
  ])('of which one is Latin-1, while %s, are decoded, and that one is broken', async (_, parts) => {
    const broken = (await linesOf(Buffer.concat(parts))).map((line) => line.broken);
    expect(broken).toEqual([undefined, 'not UTF-8, as the rest of the file is', undefined]);
  });

  it('of which the only one beyond ASCII is both, is broken', async () => {
    const both = Buffer.concat([Buffer.from('Jalapeño, Jam'), Buffer.from('ó', 'latin1'), Buffer.from('n\nplain')]);
    expect((await linesOf(both)).map((line) => line.broken)).toEqual([
      'not UTF-8, as the rest of the file is',
      undefined,
    ]);
  });

  it('of a Latin-1 file are all Latin-1', async () => {
    expect(await textOf(Buffer.from('é\nplain\nè\n', 'latin1'))).toEqual(['é', 'plain', 'è']);
  });

  it('without any end are refused before they fill the memory', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) yield await Promise.resolve(Buffer.alloc(100_000, 'x'));
    }
    await expect(collect(readLines(endless))).rejects.toThrow(InputError);
  });

  it.each([
    ['UTF-16, little-endian', Buffer.from('\ufeffid,name\n1,a\n', 'utf16le'), 'is UTF-16'],
    ['UTF-16, big-endian', Buffer.from('\ufeffid,name\n1,a\n', 'utf16le').swap16(), 'is UTF-16'],
    ['UTF-16 without a mark', Buffer.from('id,name\n1,a\n', 'utf16le'), 'NUL bytes, as UTF-16 has'],
    ['CR alone', Buffer.from('id,name\r1,a\r2,b\r'), 'CR alone'],
    ['CR alone, many lines', Buffer.from('id,name\r'.repeat(130_000)), 'CR alone'],
  ])('of a file in %s are refused, and the message says what it is', async (_, bytes, message) => {
    async function* whole(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(bytes);
    }
    const reading = collect(readLines(whole));
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(message);
  });
});
