import type { BSONRegExp } from 'bson';
import { badValue, MongoError } from '../errors.ts';

/**
 * A PCRE pattern as a JavaScript one. What JavaScript has no word for is refused rather than matched differently.
 *
 * @throws MongoError 51091 for an invalid pattern, 51108 for an invalid flag
 */
export function compileRegex(source: BSONRegExp): RegExp {
  let { pattern } = source;
  const flags = new Set(source.options);
  const inline = /^\(\?([ims]+)\)/.exec(pattern);
  if (inline?.[1] !== undefined) {
    for (const flag of inline[1]) flags.add(flag);
    pattern = pattern.slice(inline[0].length);
  }
  for (const flag of flags) {
    if (flag === 'x' || flag === 'u') flags.delete(flag);
    else if (!'ims'.includes(flag)) throw new MongoError(51108, ` invalid flag in regex options: ${flag}`);
  }
  if (source.options.includes('x')) throw badValue('the regular expression option x is not supported by this server');
  try {
    return new RegExp(pattern, [...flags].join(''));
  } catch (error) {
    throw new MongoError(
      51091,
      `Regular expression is invalid: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The literal text that every match of an anchored, case-sensitive pattern begins with. */
export function literalPrefix(source: BSONRegExp): string {
  if (source.options !== '' && source.options !== 's') return '';
  const match = /^\^([A-Za-z0-9 _\-@/:,]+)/.exec(source.pattern);
  if (match?.[1] === undefined || source.pattern.includes('|')) return '';
  const next = source.pattern[match[0].length] ?? '';
  return '?*{'.includes(next) && next !== '' ? match[1].slice(0, -1) : match[1];
}
