import { Document, type Value } from '../bson/values.ts';
import { MongoError } from '../errors.ts';
import { groupKey, parseAccumulator, type Accumulator } from './accumulators.ts';
import { compile } from './expressions.ts';

const maxGroups = 1_000_000;

/** Makes the `$group` stage. */
export function parseGroup(spec: Value): (documents: Iterable<Document>) => Iterable<Document> {
  if (!(spec instanceof Document)) throw new MongoError(15947, "a group's fields must be specified in an object");
  if (spec['_id'] === undefined) throw new MongoError(15955, 'a group specification must include an _id');
  const id = compile(spec['_id']);
  const fields = (Object.entries(spec) as [string, Value][])
    .filter(([name]) => name !== '_id')
    .map(([name, accumulator]) => ({ name, create: parseAccumulator(name, accumulator) }));
  return function* group(documents) {
    const groups = new Map<string, { readonly id: Value; readonly gathered: Accumulator[] }>();
    const scope: { root: Document; variables: Record<string, Value> } = { root: new Document(), variables: {} };
    for (const document of documents) {
      scope.root = document;
      const value = id(scope) ?? null;
      const key = groupKey(value);
      let found = groups.get(key);
      if (found === undefined) {
        if (groups.size >= maxGroups) throw new MongoError(292, 'Exceeded memory limit for $group');
        found = { id: value, gathered: fields.map(({ create }) => create()) };
        groups.set(key, found);
      }
      for (const accumulator of found.gathered) accumulator.add(scope);
    }
    for (const { id: value, gathered } of groups.values()) {
      const result = new Document();
      result['_id'] = value;
      for (let i = 0; i < fields.length; i += 1) result[fields[i]?.name ?? ''] = gathered[i]?.result() ?? null;
      yield result;
    }
  };
}
