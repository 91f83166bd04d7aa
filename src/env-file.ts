import { lstatSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** The file of variables cannot be read, or not all of it. */
export class EnvFileError extends Error {
  override readonly name = 'EnvFileError';
}

/**
 * Reads a file of `NAME=value` lines as UTF-8, with or without a byte order mark. Without a file there are none.
 *
 * @param names variables that must not be lost: a line that gives one a value has to set it, and all of it
 * @throws EnvFileError
 */
export function readEnvFile(file: string, names: ReadonlySet<string>): Readonly<Record<string, string>> {
  const text = decode(file);
  // Node's parser takes a line of blanks for the beginning of the next name.
  const values = parseEnv(text.replaceAll(/^[^\S\n]+$/gm, '')) as Record<string, string>;
  const set = new Map<string, number>();
  const assigned = linesOf(withoutValuesOfSeveralLines(text));
  const lines = linesOf(text);
  for (const [index, line] of lines.entries()) {
    const name = nameIn(line, names);
    if (name === undefined) {
      if (!/^\s*(?:#|$)|=/.test(assigned[index] ?? '')) {
        throw new EnvFileError(`${file}, line ${index + 1}, sets nothing: write NAME=value, or # before a comment`);
      }
      continue;
    }
    // Node's parser ends an unquoted value at any number sign, docker compose at one behind a blank.
    if (/^[^#=]*=(?!\s*["'`])(?:[^#]*[^\s#])?#/.test(line)) {
      throw new EnvFileError(`${file}, line ${index + 1}: put the value of ${name} in quotes, as there is a # in it`);
    }
    const [, quote, rest = ''] = /^[^#=\n]*=[^\S\n]*(["'`])(.*)$/s.exec(lines.slice(index).join('\n')) ?? [];
    const end = quote === undefined ? undefined : rest.indexOf(quote);
    // Node's parser would take the quote for a part of the value.
    if (end === -1) {
      throw new EnvFileError(
        `${file}, line ${index + 1}: the value of ${name} begins with a quote and has none at its end`,
      );
    }
    if (end !== undefined && !/^[^\S\n]*(?:#.*)?(?:\n|$)/.test(rest.slice(end + 1))) {
      throw new EnvFileError(`${file}, line ${index + 1}: the value of ${name} ends at a quote in its midst`);
    }
    const before = set.get(name);
    if (before !== undefined) {
      throw new EnvFileError(`${file}, line ${index + 1}, sets ${name}, as line ${before} does: only one can count`);
    }
    set.set(name, index + 1);
    if (Object.hasOwn(values, name)) continue;
    throw new EnvFileError(`${file}, line ${index + 1}, does not set ${name}: write ${name}=value`);
  }
  return values;
}

function linesOf(text: string): readonly string[] {
  return text.split(/\r\n|\r|\n/);
}

/** With as many lines, of which those within quotes are blank. */
function withoutValuesOfSeveralLines(text: string): string {
  return text.replaceAll(/=[^\S\r\n]*(["'`])[^]*?\1/g, (value) => `=${value.replaceAll(/[^\r\n]/g, '')}`);
}

/** The variable that a line is about: the one that it begins with, or gives a value in another shape or spelling. */
function nameIn(line: string, names: ReadonlySet<string>): string | undefined {
  const first = /^\s*(?:export\s+)?(\w+)/.exec(line)?.[1] ?? '';
  if (names.has(first) || first.startsWith('OTEL_')) return first;
  const given = /^[^#=]*?(\w+)["'`]?\s*=/.exec(line)?.[1]?.toUpperCase() ?? '';
  return names.has(given) ? given : undefined;
}

function decode(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isLink = code === 'ENOENT' && lstatSync(file, { throwIfNoEntry: false }) !== undefined;
    if (isLink) throw new EnvFileError(`${file} is a link to a file that is not there`);
    if (code === 'ENOENT') return '';
    throw new EnvFileError(`${file} cannot be read: ${message}`, { cause: error });
  }
  try {
    // Text in UTF-16 is either no UTF-8 or full of NULs.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
  throw new EnvFileError(`${file} is not in UTF-8, but in UTF-16 or another encoding: save it as UTF-8`);
}
