import { Document, isNumber, numeric, typeName, type Value } from '../bson/values.ts';
import { MongoError, typeMismatch } from '../errors.ts';
import { queryOf, slice } from '../query/execute.ts';
import { parseProjection } from '../query/projection.ts';
import { parseSort, sortAll, type SortField } from '../query/sort.ts';
import { parseGroup } from './group.ts';

/** One step of a pipeline. */
export interface Stage {
  run(documents: Iterable<Document>): Iterable<Document>;
  /** The top-level fields it needs of a document, where it drops the others; undefined: all. */
  readonly needs?: ReadonlySet<string> | undefined;
}

/** Splits a stage's document into its name and its argument. */
export function stageOf(stage: Value): readonly [string, Value] {
  if (!(stage instanceof Document)) throw typeMismatch("Each element of the 'pipeline' array must be an object");
  const [only, ...others] = Object.entries(stage) as [string, Value][];
  if (only === undefined || others.length > 0)
    throw new MongoError(40323, 'A pipeline stage specification object must contain exactly one field.');
  return only;
}

/** @throws MongoError 40324 for a stage that is not offered */
export function parseStage(stage: Value): Stage {
  const [name, argument] = stageOf(stage);
  switch (name) {
    case '$match': {
      const { matches } = queryOf(matchArgument(argument));
      return { run: (documents) => filter(documents, matches) };
    }
    case '$sort': {
      const fields = sortArgument(argument);
      const self = (document: Document): Document => document;
      return { run: (documents) => sortAll(documents, fields, self, () => 200) };
    }
    case '$limit': {
      const limit = limitArgument(argument);
      return { run: (documents) => slice(documents, 0, limit) };
    }
    case '$skip': {
      const skip = skipArgument(argument);
      return { run: (documents) => slice(documents, skip, Infinity) };
    }
    case '$project':
      return parseProject(argument);
    case '$group':
      return parseGroup(argument);
    default:
      throw new MongoError(40324, `Unrecognized pipeline stage name: '${name}'`);
  }
}

function* filter(documents: Iterable<Document>, matches: (document: Document) => boolean): Generator<Document> {
  for (const document of documents) if (matches(document)) yield document;
}

function parseProject(argument: Value): Stage {
  if (!(argument instanceof Document)) throw new MongoError(15969, '$project specification must be an object');
  if (Object.keys(argument).length === 0)
    throw new MongoError(51272, 'Invalid $project :: caused by :: projection specification must have a field');
  const { apply, needs } = parseProjection(argument);
  return {
    needs,
    *run(documents) {
      for (const document of documents) yield apply(document);
    },
  };
}

export function matchArgument(argument: Value): Document {
  if (argument instanceof Document) return argument;
  throw new MongoError(15959, 'the match filter must be an expression in an object');
}

export function sortArgument(argument: Value): SortField[] {
  if (!(argument instanceof Document)) throw new MongoError(15973, 'the $sort key specification must be an object');
  const fields = parseSort(argument);
  if (fields.length === 0) throw new MongoError(15976, '$sort stage must have at least one sort key');
  return fields;
}

export function limitArgument(argument: Value): number {
  const limit = stageNumber(argument, '$limit', 5107201);
  if (limit === 0) throw new MongoError(15958, 'the limit must be positive');
  return limit;
}

export function skipArgument(argument: Value): number {
  return stageNumber(argument, '$skip', 5107200);
}

function stageNumber(argument: Value, name: string, code: number): number {
  const number = isNumber(argument) ? Number(numeric(argument)) : NaN;
  if (Number.isSafeInteger(number) && number >= 0) return number;
  const given = isNumber(argument) ? String(number) : typeName(argument);
  throw new MongoError(code, `invalid argument to ${name} stage: Expected a non-negative integer: ${given}`);
}
