import { describe, expect, it } from 'vitest';
import { EXIT, UsageError } from '../../src/cli/program.ts';
import { HELP, parseOptions } from '../../src/import/options.ts';

const FILES = ['--orders', 'o', '--details', 'd', '--pizzas', 'p', '--types', 't'];

describe('the command line', () => {
  it('with the four files only has defaults for the rest', () => {
    expect(parseOptions(FILES)).toEqual({
      files: { orders: 'o', details: 'd', pizzas: 'p', types: 't' },
      customerId: 'walk-in',
      isStrict: false,
      withMenu: false,
      patienceMs: 60_000,
    });
  });

  it('with every option has them all', () => {
    const options = parseOptions([...FILES, '--customer', 'phone', '--strict', '--menu', '--wait', '5']);
    expect(options).toMatchObject({ customerId: 'phone', isStrict: true, withMenu: true, patienceMs: 5000 });
  });

  it('without files is refused with every mistake at once', () => {
    expect(() => parseOptions(['--orders', 'o', '--wait', 'long', '--customer', ''])).toThrow(
      new UsageError(
        [
          '--details FILE is missing',
          '--pizzas FILE is missing',
          '--types FILE is missing',
          '--wait must be a whole number of seconds up to 86400',
          '--customer: no id',
        ].join('\n'),
      ),
    );
  });

  it.each([['--nonsense'], ['stray'], ['--orders']])('with %s is refused', (arg) => {
    expect(() => parseOptions([arg])).toThrow(UsageError);
  });

  it('with an option twice is refused, unless both say the same', () => {
    expect(() => parseOptions([...FILES, '--orders', 'other'])).toThrow(new UsageError('--orders is given twice'));
    expect(parseOptions([...FILES, '--orders=o', '--menu', '--menu'])).toMatchObject({ withMenu: true });
  });

  it('with --help asks for the text, which documents every exit code', () => {
    expect(parseOptions(['--help'])).toBeUndefined();
    for (const code of [EXIT.done, EXIT.failed, EXIT.usage, EXIT.interrupted])
      expect(HELP).toMatch(new RegExp(`^  ${code} +\\S`, 'm'));
  });
});
