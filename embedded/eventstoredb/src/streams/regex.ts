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
const CLASS_ITEM = `\\\\[dDws]|${ESCAPE}|[^\\\\[\\]]`;
const CLASS = `\\[(?!\\^?\\])\\^?(?:${CLASS_ITEM})+\\]`;
const GROUP = '\\(\\?(?:[:=!]|<(?:[=!]|[A-Za-z_]\\w*>))';
const QUANTIFIER = '[*+?]\\??|\\{\\d{1,9}(?:,\\d{0,9})?\\}\\??';
/** Groups of other kinds, such as `(?i:r)`, are refused, whether JavaScript knows them or not: newer engines know more. */
const SIGN = '(?!\\(\\?)[^\\\\[\\]{}]';
const ITEM = new RegExp(`${CLASS}|\\\\[AzZdDwWsSb]|${ESCAPE}|${GROUP}|${QUANTIFIER}|${SIGN}`, 'gu');

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
  const items = pattern.match(ITEM) ?? [];
  if (items.join('') !== pattern) throw new SyntaxError('something that is not known');
  return items
    .map((item) => {
      if (item === '.' && dotAll) return '[^]';
      return item.startsWith('[') ? translateClass(item) : (TRANSLATED[item] ?? unescaped(item));
    })
    .join('');
}

function translateClass(text: string): string {
  return text.replace(new RegExp(CLASS_ITEM, 'gu'), (item) => IN_CLASS[item] ?? unescaped(item));
}

/** .NET takes an escaped sign for itself, JavaScript only where the sign means something. */
function unescaped(item: string): string {
  const [, sign] = /^\\([^\w\s])$/u.exec(item) ?? [];
  return sign === undefined || /[\^$\\.*+?()[\]{}|/-]/u.test(sign) ? item.replace(/^\\-$/u, '\\x2d') : sign;
}

/** .NET matches the halves of a surrogate pair one by one: they become private signs of their own. */
function asUnits(text: string): string {
  return text.replace(/[\u{10000}-\u{10ffff}]/gu, (pair) =>
    [...Array(pair.length).keys()].map((index) => String.fromCharCode(pair.charCodeAt(index) + 0x800)).join(''),
  );
}
