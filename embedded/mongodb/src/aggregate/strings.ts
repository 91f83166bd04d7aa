import { ObjectId } from 'bson';
import { Document, isNumber, numeric, typeName, type Value } from '../bson/values.ts';
import { codes, MongoError } from '../errors.ts';
import { operands, type Evaluate, type Operator } from './operands.ts';

const concat: Operator = (argument, compile, name) => {
  const list = operands(argument, compile, name, 0, 1000);
  return (scope) => {
    let text = '';
    for (const item of list) {
      const value = item(scope);
      if (value === undefined || value === null) return null;
      if (typeof value !== 'string')
        throw new MongoError(16702, `$concat only supports strings, not ${typeName(value)}`);
      text += value;
    }
    return text;
  };
};

/** Only ASCII letters, as MongoDB does it. */
function ofText(change: (text: string) => string): Operator {
  return (argument, compile, name) => {
    const [item] = operands(argument, compile, name, 1) as [Evaluate];
    return (scope) => {
      const value = item(scope) ?? '';
      if (typeof value !== 'string') throw new MongoError(16007, `${name} requires a string, not ${typeName(value)}`);
      return change(value);
    };
  };
}

const strLenCP: Operator = (argument, compile, name) => {
  const [item] = operands(argument, compile, name, 1) as [Evaluate];
  return (scope) => {
    const value = item(scope);
    if (typeof value !== 'string')
      throw new MongoError(34471, `$strLenCP requires a string argument, found: ${typeName(value)}`);
    return Array.from(value).length;
  };
};

const substrCP: Operator = (argument, compile, name) => {
  const list = operands(argument, compile, name, 3) as [Evaluate, Evaluate, Evaluate];
  return (scope) => {
    const [text, start, count] = list.map((item) => item(scope));
    if (!isNumber(start) || !isNumber(count))
      throw new MongoError(34450, '$substrCP needs numbers for its start and length');
    if (text === undefined || text === null) return '';
    if (typeof text !== 'string') throw new MongoError(16034, `$substrCP needs a string, not ${typeName(text)}`);
    const from = Number(numeric(start));
    const length = Number(numeric(count));
    if (from < 0 || length < 0) throw new MongoError(34455, '$substrCP: the start and the length must not be negative');
    return Array.from(text)
      .slice(from, from + length)
      .join('');
  };
};

const toText: Operator = (argument, compile, name) => {
  const [item] = operands(argument, compile, name, 1) as [Evaluate];
  return (scope) => {
    const value = item(scope);
    return value === undefined || value === null ? null : textOf(value);
  };
};

function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (isNumber(value)) return numeric(value).toString();
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof Date) return value.toISOString();
  const what = value instanceof Document ? 'object' : typeName(value);
  throw new MongoError(
    codes.ConversionFailure,
    `Unsupported conversion from ${what} to string in $convert with no onError value`,
  );
}

export const stringOperators: readonly (readonly [string, Operator])[] = [
  ['$concat', concat],
  ['$toLower', ofText((text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()))],
  ['$toUpper', ofText((text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()))],
  ['$strLenCP', strLenCP],
  ['$substrCP', substrCP],
  ['$toString', toText],
];
