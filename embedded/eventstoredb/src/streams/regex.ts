import { invalidArgument } from '../wire/rpc-errors.ts';

const WORD = '\\p{L}\\p{Mn}\\p{Nd}\\p{Pc}';
const SPACE = '\\t-\\r\\x85\\p{Z}';
const END = '(?![^])';
const BEFORE_LAST_LINE_FEED = `(?=\\n?${END})`;

/** What .NET writes differently, outside of a class. */
const TRANSLATED: Readonly<Record<string, string>> = {
  '.': '[^\\n]',
  $: BEFORE_LAST_LINE_FEED,
  '\\Z': BEFORE_LAST_LINE_FEED,
  '\\z': END,
  '\\A': '^',
  '\\d': '\\p{Nd}',
  '\\D': '\\P{Nd}',
  '\\w': `[${WORD}]`,
  '\\W': `[^${WORD}]`,
  '\\s': `[${SPACE}]`,
  '\\S': `[^${SPACE}]`,
  '\\b': `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`,
};

const IN_CLASS: Readonly<Record<string, string>> = { '\\d': '\\p{Nd}', '\\D': '\\P{Nd}', '\\w': WORD, '\\s': SPACE };

const CATEGORY = /(?:L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|S[mcko]?|Z[slp]?)/u.source;
const ESCAPE = `\\\\(?:[tnrfv]|x[\\da-fA-F]{2}|u[\\da-fA-F]{4}|[pP]\\{${CATEGORY}\\}|[^\\w\\s])`;
const CLASS_ITEM = new RegExp(`\\\\[dDws]|${ESCAPE}|[^\\\\[\\]]`, 'uy');
const ITEM = new RegExp(
  `\\\\[AzZdDwWsSb]|${ESCAPE}|\\(\\?(?:[:=!]|<(?:[=!]|[A-Za-z_]\\w*>))|[*+?]\\??|\\{\\d{1,9}(?:,\\d{0,9})?\\}\\??|[^\\\\[\\]{}]`,
  'uy',
);

/**
 * A test by a regular expression of .NET, which EventStoreDB has: translated, so that it means the same here.
 *
 * @throws RpcError when it is none, or has what cannot be translated
 */
export function regexTest(pattern: string): (name: string) => boolean {
  const [, options = '', body = ''] = /^(?:\(\?([is]{1,2})\))?(.*)$/su.exec(pattern) ?? [];
  try {
    const flags = options.includes('i') ? 'iu' : 'u';
    const expression = new RegExp(translate(asUnits(body), options.includes('s')), flags);
    return (name) => expression.test(asUnits(name));
  } catch {
    throw invalidArgument(`'${pattern}' is not a regular expression, or not one that this server knows`);
  }
}

function translate(pattern: string, dotAll: boolean): string {
  let translated = '';
  for (let at = 0; at < pattern.length;) {
    if (pattern[at] === '[') {
      const end = classEnd(pattern, at);
      translated += translateClass(pattern.slice(at, end));
      at = end;
      continue;
    }
    const item = match(ITEM, pattern, at);
    translated += item === '.' && dotAll ? '[^]' : (TRANSLATED[item] ?? unescaped(item));
    at += item.length;
  }
  return translated;
}

/** Where the class that starts at an index ends. */
function classEnd(pattern: string, start: number): number {
  let at = start + (pattern[start + 1] === '^' ? 2 : 1);
  do at += match(CLASS_ITEM, pattern, at).length;
  while (pattern[at] !== ']');
  return at + 1;
}

function translateClass(text: string): string {
  let translated = '';
  for (let at = 1; at < text.length - 1;) {
    const item = match(CLASS_ITEM, text, at);
    translated += IN_CLASS[item] ?? (item === '-' ? item : unescaped(item));
    at += item.length;
  }
  return `[${translated}]`;
}

/** .NET takes an escaped sign for itself, JavaScript only where the sign means something. */
function unescaped(item: string): string {
  const [, sign] = /^\\([^\w\s])$/u.exec(item) ?? [];
  return sign === undefined || /[\^$\\.*+?()[\]{}|/-]/u.test(sign) ? item.replace(/^\\-$/u, '\\x2d') : sign;
}

function match(expression: RegExp, text: string, at: number): string {
  expression.lastIndex = at;
  const [found] = expression.exec(text) ?? [];
  if (found === undefined) throw new SyntaxError(`unknown at ${at}`);
  return found;
}

/** .NET matches the halves of a surrogate pair one by one: they become private signs of their own. */
function asUnits(text: string): string {
  return text.replace(/[\u{10000}-\u{10ffff}]/gu, (pair) =>
    [...Array(pair.length).keys()].map((index) => String.fromCharCode(pair.charCodeAt(index) + 0x800)).join(''),
  );
}
