import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { EnvFileError, readEnvFile } from '../src/env-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'pizzeria-env-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NAMES = new Set(['PORT', 'EVENTSTORE_URL', 'MONGODB_URL']);
let files = 0;

function read(content: string | Buffer): Readonly<Record<string, string>> {
  const file = join(folder, String((files += 1)));
  writeFileSync(file, content);
  return readEnvFile(file, NAMES);
}

const PLAIN = 'EVENTSTORE_URL=esdb://a:2113\nMONGODB_URL="mongodb://b"\nPORT=1\n';
const VALUES = { EVENTSTORE_URL: 'esdb://a:2113', MONGODB_URL: 'mongodb://b', PORT: '1' };
const swapped = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16();

describe('a file of variables', () => {
  test.each([
    ['as it should be', PLAIN],
    ['with a byte order mark', `\uFEFF${PLAIN}`],
    ['with lines of blanks', `  \n${PLAIN.replaceAll('\n', '\n \t \n')}`],
    ['with lines that end in CR LF, some of them blank', PLAIN.replaceAll('\n', '\r\n   \r\n')],
    ['without a line end at its end', PLAIN.trimEnd()],
    ['with comments, exports and blanks around', `# PORT 2\n${PLAIN.replace('PORT=1', ' export PORT = 1 ')}`],
  ])('%s, is read whole', (_, content) => {
    expect(read(content)).toEqual(VALUES);
  });

  test('that is not there has no variables', () => {
    expect(readEnvFile(join(folder, 'nowhere'), NAMES)).toEqual({});
  });

  test.each([
    ['in UTF-16', Buffer.from(`\uFEFF${PLAIN}`, 'utf16le')],
    ['in UTF-16 without a mark', Buffer.from(PLAIN, 'utf16le')],
    ['in UTF-16, big-endian', swapped(PLAIN)],
    ['in Latin-1', Buffer.from(`# Zoë\n${PLAIN}`, 'latin1')],
  ])('%s, is refused with what to do', (_, content) => {
    expect(() => read(content)).toThrow(/is not in UTF-8.*save it as UTF-8/);
  });

  test('that sets a variable twice, is refused by both numbers', () => {
    const message = /, line 3, sets EVENTSTORE_URL, as line 1 does: only one can count$/;
    expect(() => read('EVENTSTORE_URL=esdb://a:2113\nPORT=1\nEVENTSTORE_URL=\n')).toThrow(message);
  });

  test.each(['PORT 1', 'PORT: 1', 'PORT', '  export PORT 1'])('with the line %j, is refused by its number', (line) => {
    expect(() => read(`# a comment\n${line}\n`)).toThrow(/, line 2, does not set PORT: write PORT=value$/);
  });

  test.each([
    ['- PORT=1', 'PORT'],
    ['set PORT=1', 'PORT'],
    ['declare -x MONGODB_URL="mongodb://b"', 'MONGODB_URL'],
    ['"PORT"="1"', 'PORT'],
    ['EventStore_URL=esdb://a', 'EVENTSTORE_URL'],
  ])('with the line %j, which sets nothing, is refused by its number', (line, name) => {
    expect(() => read(`# PORT=2\n${line}\n`)).toThrow(`, line 2, does not set ${name}: write ${name}=value`);
  });

  test.each(['MONGO_URL mongodb://user:secret@b', 'PROT: 1', 'nothing', "'", 'export PROT'])(
    'with the line %j, which sets nothing, is refused by its number, without a word of it',
    (line) => {
      expect(() => read(`# one\n\n${line}\nPORT=1\n`)).toThrow(
        /\d, line 3, sets nothing: write NAME=value, or # before a comment$/,
      );
    },
  );

  test('with values of several lines, of which some say nothing by themselves, is read', () => {
    const key = '-----BEGIN KEY-----\nabc\n\n-----END KEY-----';
    expect(read(`KEY="${key}"\r\nOTHER = '\na\n'\nPORT=1\n`)).toEqual({ KEY: key, OTHER: '\na\n', PORT: '1' });
  });

  test.each([`MONGODB_URL='a's b'`, String.raw`MONGODB_URL="a\"b"`, 'export MONGODB_URL = "a"b"'])(
    'with the line %s, whose value would end at a quote in it, is refused',
    (line) => expect(() => read(line)).toThrow(/line 1: the value of MONGODB_URL ends at a quote in its midst$/),
  );

  test.each(['MONGODB_URL="mongodb://b', "export MONGODB_URL = 'mongodb://b # c", 'MONGODB_URL=`'])(
    'with the line %s, whose quote is not closed, is refused',
    (line) => {
      expect(() => read(`# "one"\n${line}\nPORT=0\n`)).toThrow(
        /, line 2: the value of MONGODB_URL begins with a quote and has none at its end$/,
      );
    },
  );

  test('with a quote that is closed in the midst of a later line, is refused by the line where it opens', () => {
    expect(() => read(`PORT=1\nMONGODB_URL='mongodb://b\n# don't\n`)).toThrow(
      /, line 2: the value of MONGODB_URL ends at a quote in its midst$/,
    );
  });

  test('with quoted values of several lines, and comments behind quotes, is read', () => {
    expect(read(`PORT="1" # one\nMONGODB_URL='a"b'\nEVENTSTORE_URL="a\nb"\nOTHER=x=PORT=2\n`)).toEqual({
      ...{ PORT: '1', MONGODB_URL: 'a"b', EVENTSTORE_URL: 'a\nb', OTHER: 'x=PORT=2' },
    });
  });

  test('that is a link to nothing is refused; so is a cut header for traces', () => {
    const link = join(folder, 'link');
    symlinkSync(join(folder, 'nowhere'), link);
    expect(() => readEnvFile(link, NAMES)).toThrow(/is a link to a file that is not there$/);
    expect(() => read('OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer a#b')).toThrow(
      /put the value of OTEL_.* in quotes/,
    );
  });

  test.each([
    'EVENTSTORE_URL=esdb://admin:12#34@es:2113',
    ' export PORT = 1#2',
    'MONGODB_URL=mongodb://b# c',
    'PORT=1 2#3',
    'PORT=#3',
  ])('with the line %j, whose value would be cut, is refused by its number', (line) => {
    const name = /\w+_URL|PORT/.exec(line)?.[0] ?? '';
    expect(() => read(`# a comment\n${line}\n`)).toThrow(
      new RegExp(`, line 2: put the value of ${name} in quotes, as there is a # in it$`),
    );
  });

  test.each([
    ['in quotes', 'PORT="1#2"', '1#2'],
    ['in single quotes', "PORT='1#2'", '1#2'],
    ['in backticks', 'PORT=`1#2`', '1#2'],
    ['of a comment behind a blank', 'PORT=1 # 2#3', '1'],
    ['of a comment alone', 'PORT= # 2', ''],
  ])('with a number sign %s, means what it says', (_, line, value) => {
    expect(read(line)).toEqual({ PORT: value });
  });

  test('that cannot be read is refused with the reason', () => {
    const directory = join(folder, 'directory');
    mkdirSync(directory);
    expect(() => readEnvFile(directory, NAMES)).toThrow(EnvFileError);
    expect(() => readEnvFile(directory, NAMES)).toThrow(/directory cannot be read: EISDIR/);
  });
});
