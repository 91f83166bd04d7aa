import { compare } from '../bson/compare.ts';
import { Document, typeOf, types, type Value } from '../bson/values.ts';
import { codes, failedToParse, MongoError } from '../errors.ts';
import { truthy } from '../query/filter.ts';
import { arithmeticOperators } from './arithmetic.ts';
import { arrayOperators } from './array-operators.ts';
import { dateOperators } from './dates.ts';
import { namedOperands, operands, type Evaluate, type Operator } from './operands.ts';
import { stringOperators } from './strings.ts';

const noVariables: Readonly<Record<string, Value | undefined>> = {};

/**
 * Makes a function of an aggregation expression; only the operators listed in this folder are taken.
 *
 * @throws MongoError InvalidPipelineOperator for any other
 */
export function compileExpression(expression: Value): (root: Document) => Value | undefined {
  const evaluate = compile(expression);
  return (root) => evaluate({ root, variables: noVariables });
}

/** The same with variables, as `$let` and `$map` make them. */
export function compile(expression: Value): Evaluate {
  if (typeof expression === 'string' && expression.startsWith('$')) return compilePath(expression);
  if (Array.isArray(expression)) {
    const items = expression.map(compile);
    return (scope) => items.map((item) => item(scope) ?? null);
  }
  if (!(expression instanceof Document)) return () => expression;
  const entries = Object.entries(expression) as [string, Value][];
  const [first] = entries;
  if (first?.[0].startsWith('$') === true) {
    if (entries.length > 1)
      throw new MongoError(15983, 'An object representing an expression must have exactly one field');
    const operator = operators.get(first[0]);
    if (operator === undefined)
      throw new MongoError(codes.InvalidPipelineOperator, `Unrecognized expression '${first[0]}'`);
    return operator(first[1], compile, first[0]);
  }
  return compileObject(entries);
}

function compileObject(entries: readonly (readonly [string, Value])[]): Evaluate {
  const fields = entries.map(([name, value]) => {
    if (name.includes('.'))
      throw new MongoError(16412, `FieldPath field names may not contain '.'. Consider using $getField or $setField.`);
    return [name, compile(value)] as const;
  });
  return (scope) => {
    const document = new Document();
    for (const [name, evaluate] of fields) {
      const value = evaluate(scope);
      if (value !== undefined) document[name] = value;
    }
    return document;
  };
}

function compilePath(text: string): Evaluate {
  if (!text.startsWith('$$')) {
    const path = text.slice(1).split('.');
    if (path.includes('')) throw new MongoError(16872, "'$' by itself is not a valid FieldPath");
    const [only] = path;
    if (path.length === 1 && only !== undefined) return (scope) => scope.root[only];
    return (scope) => follow(scope.root, path, 0);
  }
  const [variable = '', ...path] = text.slice(2).split('.');
  if (variable === '' || path.includes('')) throw failedToParse('empty variable names are not allowed');
  switch (variable) {
    case 'ROOT':
    case 'CURRENT':
      return (scope) => follow(scope.root, path, 0);
    case 'REMOVE':
      return () => undefined;
    case 'NOW': {
      const now = new Date();
      return () => now;
    }
    default:
      return (scope) => {
        if (!Object.hasOwn(scope.variables, variable))
          throw new MongoError(17276, `Use of undefined variable: ${variable}`);
        return follow(scope.variables[variable], path, 0);
      };
  }
}

/** A path through an array gives the array of what its documents hold there. */
export function follow(node: Value | undefined, path: readonly string[], at: number): Value | undefined {
  const part = path[at];
  if (part === undefined || node === undefined) return node;
  if (node instanceof Document) return follow(node[part], path, at + 1);
  if (!Array.isArray(node)) return undefined;
  return node
    .map((item) => (item instanceof Document ? follow(item, path, at) : undefined))
    .filter((item) => item !== undefined);
}

/** Missing comes before null where expressions compare. */
function compareOperands(a: Value | undefined, b: Value | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return compare(a, b);
}

function comparison(accept: (difference: number) => Value): Operator {
  return (argument, compileOperand, name) => {
    const [left, right] = operands(argument, compileOperand, name, 2) as [Evaluate, Evaluate];
    return (scope) => accept(compareOperands(left(scope), right(scope)));
  };
}

const cond: Operator = (argument, compileOperand) => {
  const parts = Array.isArray(argument)
    ? operands(argument, compileOperand, '$cond', 3)
    : ['if', 'then', 'else'].map((part) =>
        compileOperand(namedOperands(argument, '$cond', ['if', 'then', 'else'])[part] ?? null),
      );
  const [test, then, otherwise] = parts as [Evaluate, Evaluate, Evaluate];
  return (scope) => (truthy(test(scope)) ? then(scope) : otherwise(scope));
};

const switchOperator: Operator = (argument, compileOperand) => {
  const { branches, default: fallback } = namedOperands(argument, '$switch', ['branches'], ['default']);
  if (!Array.isArray(branches) || branches.length === 0)
    throw new MongoError(40060, '$switch requires at least one branch.');
  const cases = branches.map((branch) => {
    const parts = namedOperands(branch, '$switch', ['case', 'then']);
    return [compileOperand(parts['case'] ?? null), compileOperand(parts['then'] ?? null)] as const;
  });
  const otherwise = fallback === undefined ? undefined : compileOperand(fallback);
  return (scope) => {
    const found = cases.find(([test]) => truthy(test(scope)));
    if (found !== undefined) return found[1](scope);
    if (otherwise === undefined)
      throw new MongoError(
        40066,
        '$switch could not find a matching branch for an input, and no default was specified.',
      );
    return otherwise(scope);
  };
};

const letOperator: Operator = (argument, compileOperand) => {
  const { vars, in: body } = namedOperands(argument, '$let', ['vars', 'in']);
  if (!(vars instanceof Document)) throw failedToParse('invalid parameter: expected an object (vars)');
  const bound = (Object.entries(vars) as [string, Value][]).map(
    ([name, value]) => [name, compileOperand(value)] as const,
  );
  const evaluate = compileOperand(body ?? null);
  return (scope) => {
    const variables = { ...scope.variables };
    for (const [name, value] of bound) variables[name] = value(scope);
    return evaluate({ root: scope.root, variables });
  };
};

const operators: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ['$literal', (argument) => () => argument],
  ['$expr', (argument, compileOperand) => compileOperand(argument)],
  ['$eq', comparison((difference) => difference === 0)],
  ['$ne', comparison((difference) => difference !== 0)],
  ['$gt', comparison((difference) => difference > 0)],
  ['$gte', comparison((difference) => difference >= 0)],
  ['$lt', comparison((difference) => difference < 0)],
  ['$lte', comparison((difference) => difference <= 0)],
  ['$cmp', comparison((difference) => Math.sign(difference))],
  ['$cond', cond],
  ['$switch', switchOperator],
  ['$let', letOperator],
  [
    '$ifNull',
    (argument, compileOperand) => {
      const list = operands(argument, compileOperand, '$ifNull', 2, 1000);
      return (scope) => {
        let value: Value | undefined;
        for (const item of list) {
          value = item(scope);
          if (value !== undefined && value !== null) return value;
        }
        return value;
      };
    },
  ],
  [
    '$and',
    (argument, compileOperand) => {
      const list = operands(argument, compileOperand, '$and', 0, 1000);
      return (scope) => list.every((item) => truthy(item(scope)));
    },
  ],
  [
    '$or',
    (argument, compileOperand) => {
      const list = operands(argument, compileOperand, '$or', 0, 1000);
      return (scope) => list.some((item) => truthy(item(scope)));
    },
  ],
  [
    '$not',
    (argument, compileOperand, name) => {
      const [item] = operands(argument, compileOperand, name, 1) as [Evaluate];
      return (scope) => !truthy(item(scope));
    },
  ],
  [
    '$type',
    (argument, compileOperand, name) => {
      const [item] = operands(argument, compileOperand, name, 1) as [Evaluate];
      return (scope) => typeNameOf(item(scope));
    },
  ],
  ...arithmeticOperators,
  ...arrayOperators,
  ...dateOperators,
  ...stringOperators,
]);

const names = new Map<number, string>(Object.entries(types).map(([name, code]) => [code, name]));

function typeNameOf(value: Value | undefined): string {
  return value === undefined ? 'missing' : (names.get(typeOf(value)) ?? 'unknown');
}
