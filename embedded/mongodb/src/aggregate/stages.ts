import { Document, isNumber, numeric, typeName, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { MongoError, notImplemented } from '../errors.ts';
import { queryOf } from '../query/execute.ts';
import { parseProjection } from '../query/projection.ts';
import { parseSort, sortAll } from '../query/sort.ts';
import { compileExpression } from './expressions.ts';
import { follow } from './expressions.ts';
import { parseGroup } from './group.ts';

/** One step of a pipeline. */
export type Stage = (documents: Iterable<Document>) => Iterable<Document>;

/** Splits a stage's document into its name and its argument. */
export function stageOf(stage: Value): readonly [string, Value] {
  if (!(stage instanceof Document)) throw new MongoError(14, "Each element of the 'pipeline' array must be an object");
  const entries = Object.entries(stage) as [string, Value][];
  const [only] = entries;
  if (only === undefined || entries.length > 1)
    throw new MongoError(40323, 'A pipeline stage specification object must contain exactly one field.');
  return only;
}

type ParseStage = (argument: Value, name: string) => Stage;

function each(change: (document: Document) => Document): Stage {
  return function* run(documents) {
    for (const document of documents) yield change(document);
  };
}

const match: ParseStage = (argument) => {
  if (!(argument instanceof Document))
    throw new MongoError(15959, 'the match filter must be an expression in an object');
  const { matches } = queryOf(argument);
  return function* run(documents) {
    for (const document of documents) if (matches(document)) yield document;
  };
};

const sort: ParseStage = (argument) => {
  if (!(argument instanceof Document)) throw new MongoError(15973, 'the $sort key specification must be an object');
  const fields = parseSort(argument);
  if (fields.length === 0) throw new MongoError(15976, '$sort stage must have at least one sort key');
  return (documents) =>
    sortAll(
      documents,
      fields,
      (document) => document,
      () => 200,
    );
};

/** The number of `$limit` or `$skip`. */
export function stageNumber(argument: Value, name: string): number {
  const number = isNumber(argument) ? Number(numeric(argument)) : NaN;
  if (!Number.isSafeInteger(number))
    throw new MongoError(
      name === '$limit' ? 2107201 : 5107200,
      `invalid argument to ${name} stage: Expected an integer: ${typeName(argument)}`,
    );
  if (number < 0)
    throw new MongoError(
      name === '$limit' ? 2107201 : 5107200,
      `invalid argument to ${name} stage: Expected a non-negative number in: ${name}: ${number}`,
    );
  if (number === 0 && name === '$limit') throw new MongoError(15958, 'the limit must be positive');
  return number;
}

const limit: ParseStage = (argument, name) => {
  const most = stageNumber(argument, name);
  return function* run(documents) {
    let taken = 0;
    for (const document of documents) {
      yield document;
      taken += 1;
      if (taken >= most) return;
    }
  };
};

const skip: ParseStage = (argument, name) => {
  const first = stageNumber(argument, name);
  return function* run(documents) {
    let position = 0;
    for (const document of documents) {
      position += 1;
      if (position > first) yield document;
    }
  };
};

const projectStage: ParseStage = (argument) => {
  if (!(argument instanceof Document)) throw new MongoError(15969, '$project specification must be an object');
  if (Object.keys(argument).length === 0)
    throw new MongoError(
      51272,
      'Invalid $project :: caused by :: projection specification must have at least one field',
    );
  return each(parseProjection(argument, compileExpression).apply);
};

const unset: ParseStage = (argument) => {
  const names = Array.isArray(argument) ? argument : [argument];
  const spec = new Document();
  for (const name of names) {
    if (typeof name !== 'string')
      throw new MongoError(31120, '$unset specification must be a string or an array containing only string values');
    spec[name] = 0;
  }
  return each(parseProjection(spec, compileExpression).apply);
};

const addFields: ParseStage = (argument, name) => {
  if (!(argument instanceof Document))
    throw new MongoError(40272, `${name} specification stage must be an object, got ${typeName(argument)}`);
  const fields = (Object.entries(argument) as [string, Value][]).map(([path, expression]) => {
    if (path.startsWith('$'))
      throw new MongoError(
        16410,
        `Invalid ${name} :: caused by :: FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
      );
    return { path: path.split('.'), evaluate: compileExpression(expression) };
  });
  return each((document) => {
    let result = copy(document);
    for (const { path, evaluate } of fields) result = withField(result, path, 0, evaluate(document));
    return result;
  });
};

function copy(document: Document): Document {
  return Object.assign(new Document(), document);
}

/** A copy with the value at a path, in every item when the path goes through an array. */
function withField(node: Value | undefined, path: readonly string[], at: number, value: Value | undefined): Document {
  const target = node instanceof Document ? copy(node) : new Document();
  const name = path[at] ?? '';
  if (at === path.length - 1) {
    if (value === undefined) Reflect.deleteProperty(target, name);
    else target[name] = value;
    return target;
  }
  const child = target[name];
  target[name] = Array.isArray(child)
    ? child.map((item) => withField(item, path, at + 1, value))
    : withField(child, path, at + 1, value);
  return target;
}

const unwind: ParseStage = (argument) => {
  const options = argument instanceof Document ? argument : undefined;
  const path = options === undefined ? argument : options['path'];
  if (typeof path !== 'string')
    throw new MongoError(28808, `expected a string as the path for $unwind stage, got ${typeName(path)}`);
  if (!path.startsWith('$') || path.length < 2)
    throw new MongoError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  for (const name of Object.keys(options ?? {})) {
    if (!['path', 'preserveNullAndEmptyArrays', 'includeArrayIndex'].includes(name))
      throw new MongoError(28811, `unrecognized option to $unwind stage: ${name}`);
  }
  const parts = path.slice(1).split('.');
  const keepEmpty = options?.['preserveNullAndEmptyArrays'] === true;
  const indexName = options?.['includeArrayIndex'];
  const withIndex = (document: Document, index: number | null): Document => {
    if (typeof indexName === 'string') document[indexName] = index === null ? null : BigInt(index);
    return document;
  };
  return function* run(documents) {
    for (const document of documents) {
      const value = follow(document, parts, 0);
      if (Array.isArray(value) && value.length > 0) {
        for (let i = 0; i < value.length; i += 1) yield withIndex(withField(document, parts, 0, value[i] ?? null), i);
      } else if (value !== undefined && value !== null && !Array.isArray(value)) yield withIndex(copy(document), null);
      else if (keepEmpty)
        yield withIndex(Array.isArray(value) ? withField(document, parts, 0, undefined) : copy(document), null);
    }
  };
};

const count: ParseStage = (argument) => {
  if (typeof argument !== 'string' || argument === '')
    throw new MongoError(40156, 'the count field must be a non-empty string');
  if (argument.startsWith('$')) throw new MongoError(40158, 'the count field cannot be a $-prefixed path');
  return function* run(documents) {
    let n = 0;
    const iterator = documents[Symbol.iterator]();
    while (iterator.next().done !== true) n += 1;
    if (n === 0) return;
    const result = new Document();
    result[argument] = n;
    yield result;
  };
};

function newRoot(argument: Value): Stage {
  const evaluate = compileExpression(argument);
  return each((document) => {
    const root = evaluate(document);
    if (root instanceof Document) return root;
    throw new MongoError(
      40228,
      `'newRoot' expression must evaluate to an object, but resulting value was of type: ${typeName(root)}`,
    );
  });
}

const replaceRoot: ParseStage = (argument) => {
  if (!(argument instanceof Document) || argument['newRoot'] === undefined)
    throw new MongoError(40231, 'no newRoot specified for the $replaceRoot stage');
  return newRoot(argument['newRoot']);
};

const sortByCount: ParseStage = (argument) => {
  const group = new Document();
  group['_id'] = argument;
  const sum = new Document();
  sum['$sum'] = 1;
  group['count'] = sum;
  const counts = parseGroup(group);
  const order = parseSort(Object.assign(new Document(), { count: -1 }));
  return (documents) =>
    sortAll(
      counts(documents),
      order,
      (document) => document,
      () => 200,
    );
};

const facet: ParseStage = (argument) => {
  if (!(argument instanceof Document))
    throw new MongoError(40169, 'the $facet specification must be a non-empty object');
  const facets = (Object.entries(argument) as [string, Value][]).map(([name, stages]) => {
    if (!Array.isArray(stages))
      throw new MongoError(40170, `arguments to $facet must be arrays, ${name} is type ${typeName(stages)}`);
    return { name, run: parsePipeline(stages) };
  });
  if (facets.length === 0) throw new MongoError(40169, 'the $facet specification must be a non-empty object');
  return function* run(documents) {
    const all = [...documents];
    const result = new Document();
    for (const { name, run: sub } of facets) result[name] = [...sub(all)];
    if (encode(result).length > 16 * 1024 * 1024)
      throw new MongoError(10334, 'the result of $facet is larger than 16MB');
    yield result;
  };
};

const stages: ReadonlyMap<string, ParseStage> = new Map<string, ParseStage>([
  ['$match', match],
  ['$sort', sort],
  ['$limit', limit],
  ['$skip', skip],
  ['$project', projectStage],
  ['$unset', unset],
  ['$addFields', addFields],
  ['$set', addFields],
  ['$unwind', unwind],
  ['$group', parseGroup],
  ['$count', count],
  ['$replaceRoot', replaceRoot],
  ['$replaceWith', newRoot],
  ['$sortByCount', sortByCount],
  ['$facet', facet],
]);

const real = new Set([
  '$lookup',
  '$merge',
  '$out',
  '$bucket',
  '$bucketAuto',
  '$graphLookup',
  '$unionWith',
  '$sample',
  '$setWindowFields',
  '$redact',
  '$changeStream',
  '$collStats',
  '$indexStats',
  '$densify',
  '$fill',
  '$documents',
  '$geoNear',
  '$search',
]);

/** @throws MongoError 40324 for a stage that does not exist, NotImplemented for one that is not offered */
export function parseStage(stage: Value): Stage {
  const [name, argument] = stageOf(stage);
  const parse = stages.get(name);
  if (parse !== undefined) return parse(argument, name);
  if (name === '$changeStream')
    throw new MongoError(40573, 'The $changeStream stage is only supported on replica sets');
  if (real.has(name)) throw notImplemented(`the stage ${name}`);
  throw new MongoError(40324, `Unrecognized pipeline stage name: '${name}'`);
}

/** Makes one step of many. */
export function parsePipeline(pipeline: readonly Value[]): Stage {
  const steps = pipeline.map(parseStage);
  return (documents) => steps.reduce<Iterable<Document>>((input, step) => step(input), documents);
}
