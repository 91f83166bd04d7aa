import { afterEach, describe, expect, it, vi } from 'vitest';
import { EXIT, UsageError } from '../../src/cli/program.ts';
import { HELP, parseOptions } from '../../src/import/options.ts';

const FILES = ['--orders', 'o', '--details', 'd', '--pizzas', 'p', '--types', 't'];

describe('the command line', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it('with the four files only has defaults for the rest', () => {
    expect(parseOptions(FILES)).toEqual({
      files: { orders: 'o', details: 'd', pizzas: 'p', types: 't' },
      customerId: 'walk-in',
      isStrict: false,
      withMenu: false,
      patienceMs: 60_000,
    });
  });

  it('under npm, run from another folder, has the files that are there', () => {
    vi.stubEnv('npm_lifecycle_event', 'import');
    vi.stubEnv('INIT_CWD', '/home/me');
    const [orders, details] = ['/home/me/o', '/srv/d'];
    expect(parseOptions([...FILES.slice(0, 3), '/srv/d', ...FILES.slice(4)])?.files).toMatchObject({ orders, details });
  });

  it.each([
    ['import', process.cwd()],
    ['test', '/home/me'],
  ])('under npm run %s, from %s, leaves the files as they are written', (script, folder) => {
    vi.stubEnv('npm_lifecycle_event', script);
    vi.stubEnv('INIT_CWD', folder);
    expect(parseOptions(FILES)?.files).toMatchObject({ orders: 'o', details: 'd' });
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
