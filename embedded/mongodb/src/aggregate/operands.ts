import { Document, type Value } from '../bson/values.ts';
import { failedToParse, MongoError } from '../errors.ts';

/** What an expression can see: the document and the variables in scope. */
export interface Scope {
  readonly root: Document;
  readonly variables: Readonly<Record<string, Value | undefined>>;
}

/** Undefined is a missing value. */
export type Evaluate = (scope: Scope) => Value | undefined;
export type CompileOperand = (operand: Value) => Evaluate;
/** Makes a function of an operator's argument; `compile` is for the expressions in it. */
export type Operator = (argument: Value, compile: CompileOperand, name: string) => Evaluate;

/** The arguments of an operator that takes a list, or a single one without brackets. */
export function operands(
  argument: Value,
  compileOperand: CompileOperand,
  name: string,
  least: number,
  most = least,
): Evaluate[] {
  const list = Array.isArray(argument) ? argument : [argument];
  if (list.length < least || list.length > most) {
    const expected = least === most ? `exactly ${least}` : `at least ${least} and at most ${most}`;
    throw new MongoError(16020, `Expression ${name} takes ${expected} arguments. ${list.length} were passed in.`);
  }
  return list.map(compileOperand);
}

/** The named arguments of an operator; @throws MongoError FailedToParse for one that is missing or unknown */
export function namedOperands(
  argument: Value,
  name: string,
  required: readonly string[],
  optional: readonly string[] = [],
): Document {
  if (!(argument instanceof Document)) throw failedToParse(`${name} only supports an object as its argument`);
  for (const field of Object.keys(argument)) {
    if (!required.includes(field) && !optional.includes(field))
      throw failedToParse(`Unrecognized argument to ${name}: ${field}`);
  }
  const missing = required.find((field) => argument[field] === undefined);
  if (missing !== undefined) throw failedToParse(`Missing '${missing}' parameter to ${name}`);
  return argument;
}
