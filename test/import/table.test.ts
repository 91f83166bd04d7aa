import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/import/problem.ts';
import { parseTable } from '../../src/import/table.ts';
import { collect } from './support.ts';

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line);
}

async function rowsOf(...lines: string[]) {
  return collect(parseTable(each(lines), ['id', 'name']));
}

describe('a table', () => {
  it('with its columns in another order, and others beside them, is read by name', async () => {
    expect(await rowsOf('Extra, NAME ,id', 'x,Orto,1')).toEqual([{ line: 2, values: { id: '1', name: 'Orto' } }]);
  });

  it('with quoted fields, and commas and quotes in them, is read as RFC 4180 says', async () => {
    expect(await rowsOf('id,name', '1,"Orto, ""il"" Felice"')).toEqual([
      { line: 2, values: { id: '1', name: 'Orto, "il" Felice' } },
    ]);
  });

  it('with blank lines passes over them and still counts them', async () => {
    expect(await rowsOf('', 'id,name', '  ', '1,Orto', '')).toEqual([{ line: 4, values: { id: '1', name: 'Orto' } }]);
  });

  it.each([
    ['no line at all', [], 'is empty'],
    ['a column missing', ['id,title'], 'has no column "name"'],
    ['a column twice', ['id,name,id'], 'has the column "id" twice'],
    ['an open quote in its header', ['id,"name'], 'a quote that is not closed'],
  ])('with %s is refused as a whole', async (_, lines, message) => {
    const reading = rowsOf(...lines);
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(message);
  });
});

describe('a broken line', () => {
  it('with an open quote spoils no line after it', async () => {
    const [broken, next] = await rowsOf('id,name', '1,"Orto', '2,Brezza');
    expect(broken).toMatchObject({ line: 2, broken: expect.stringContaining('quote') as string });
    expect(next).toEqual({ line: 3, values: { id: '2', name: 'Brezza' } });
  });

  it.each([
    ['a field too many at its end', '1,Orto,x', ['1', 'Orto']],
    ['a field too many at its start', 'x,1,Orto', ['x', '1']],
    ['a field missing at its start', 'Orto', ['Orto']],
  ])('with %s guesses its id from both ends', async (_, line, expected) => {
    const [row] = await rowsOf('id,name', line);
    if (!row || !('broken' in row)) throw new Error('the line is not seen as broken');
    expect(row.guess('id')).toEqual(expected);
  });
});
