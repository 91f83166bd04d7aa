import { encodeKey } from '../bson/keys.ts';
import { Document, type Value } from '../bson/values.ts';
import { codes, MongoError, notImplemented } from '../errors.ts';
import type { Stage } from './stages.ts';
import { createSum, type Sum } from './sum.ts';

/** A constant, or the value at a path. */
interface Operand {
  /** The top-level field of a path. */
  readonly field: string | undefined;
  readonly of: (document: Document) => Value | undefined;
}

/** Makes the `$group` stage: by a constant or a field, with sums. */
export function parseGroup(spec: Value): Stage {
  if (!(spec instanceof Document)) throw new MongoError(15947, "a group's fields must be specified in an object");
  if (spec['_id'] === undefined) throw new MongoError(15955, 'a group specification must include an _id');
  const id = parseOperand(spec['_id']);
  const sums = (Object.entries(spec) as [string, Value][])
    .filter(([name]) => name !== '_id')
    .map(([name, accumulator]) => ({ name, operand: parseSum(name, accumulator) }));
  return {
    needs: new Set([id, ...sums.map(({ operand }) => operand)].flatMap(({ field }) => field ?? [])),
    *run(documents) {
      const groups = new Map<string, { readonly id: Value; readonly gathered: readonly Sum[] }>();
      for (const document of documents) {
        const value = id.of(document) ?? null;
        const key = typeof value === 'string' ? `"${value}` : encodeKey(value).toString('latin1');
        let group = groups.get(key);
        if (group === undefined) {
          group = { id: value, gathered: sums.map(createSum) };
          groups.set(key, group);
        }
        for (const [i, sum] of group.gathered.entries()) sum.add(sums[i]?.operand.of(document));
      }
      for (const group of groups.values()) {
        const result = new Document();
        result['_id'] = group.id;
        for (const [i, { name }] of sums.entries()) result[name] = group.gathered[i]?.result() ?? null;
        yield result;
      }
    },
  };
}

function parseSum(field: string, spec: Value): Operand {
  if (field.includes('.')) throw new MongoError(40235, `The field name '${field}' cannot contain '.'`);
  if (field.startsWith('$')) throw new MongoError(40236, `The field name '${field}' cannot be an operator name`);
  if (!(spec instanceof Document)) throw new MongoError(40234, `The field '${field}' must be an accumulator object`);
  const [name, ...others] = Object.keys(spec);
  if (name === undefined || others.length > 0)
    throw new MongoError(40238, `The field '${field}' must specify one accumulator`);
  if (name !== '$sum') throw new MongoError(15952, `unknown group operator '${name}'`);
  const argument = spec[name] ?? null;
  if (Array.isArray(argument)) throw new MongoError(40237, 'The $sum accumulator is a unary operator');
  return parseOperand(argument);
}

function parseOperand(expression: Value): Operand {
  if (typeof expression === 'string' && expression.startsWith('$')) return parsePath(expression.slice(1));
  const name = expression instanceof Document ? Object.keys(expression)[0] : undefined;
  if (name?.startsWith('$') === true)
    throw new MongoError(codes.InvalidPipelineOperator, `Unrecognized expression '${name}'`);
  if (expression instanceof Document || Array.isArray(expression))
    throw notImplemented('a document or an array as an expression');
  return { field: undefined, of: () => expression };
}

function parsePath(path: string): Operand {
  if (path.startsWith('$')) throw new MongoError(17276, `Use of undefined variable: ${path.slice(1)}`);
  const parts = path.split('.');
  if (parts.includes('')) throw new MongoError(16872, "'$' by itself is not a valid FieldPath");
  if (path.includes('.$')) throw new MongoError(16410, "FieldPath field names may not start with '$'.");
  return { field: parts[0], of: (document) => follow(document, parts, 0) };
}

/** A path through an array gives the array of what its documents hold there. */
function follow(node: Value | undefined, path: readonly string[], at: number): Value | undefined {
  const part = path[at];
  if (part === undefined || node === undefined) return node;
  if (node instanceof Document) return follow(node[part], path, at + 1);
  if (!Array.isArray(node)) return undefined;
  return node
    .map((item) => (item instanceof Document ? follow(item, path, at) : undefined))
    .filter((item) => item !== undefined);
}
