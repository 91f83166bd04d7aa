import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/import/problem.ts';
import { parseTable } from '../../src/import/table.ts';
import type { Line } from '../../src/import/text.ts';
import { collect } from './support.ts';

async function* each(lines: readonly string[]): AsyncGenerator<Line> {
  for (const text of lines) yield await Promise.resolve({ text });
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
    ['semicolons', ['id;name', '1;Orto'], 'separates its fields by semicolons'],
    ['tabs and quotes', ['"id"\t"name"', '1\tOrto'], 'separates its fields by tabs'],
    ['a line for Excel', ['sep=;', 'id;name', '1;Orto'], 'begins with "sep=;"'],
    ['control characters in its header', ['id,\u001b[2J\u009b2J,title'], '"\\u001b[2j\\u009b2j"'],
  ])('with %s is refused as a whole', async (_, lines, message) => {
    const reading = rowsOf(...lines);
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(message);
  });
});

describe('a broken line', () => {
  it('with bytes that cannot be read guesses its id all the same', async () => {
    async function* lines(): AsyncGenerator<Line> {
      yield await Promise.resolve({ text: 'id,name' });
      yield await Promise.resolve({ text: '7,Ortò', broken: 'not UTF-8' });
    }
    const [row] = await collect(parseTable(lines(), ['id', 'name']));
    expect(row).toMatchObject({ line: 2, broken: 'not UTF-8' });
    expect(row && 'broken' in row && row.guess('id')).toEqual(['7']);
  });

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
