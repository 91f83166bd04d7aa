import { Document, type Value } from '../bson/values.ts';
import { fieldsOf } from '../query/match.ts';
import { parseFilter } from '../query/filter.ts';
import { stageOf } from './stages.ts';

/**
 * The top-level fields that a pipeline needs of the documents it is given, so that only those are decoded.
 *
 * @returns undefined when it may need all
 */
export function neededFields(pipeline: readonly Value[]): ReadonlySet<string> | undefined {
  const needed = new Set<string>();
  for (const stage of pipeline) {
    const [name, argument] = stageOf(stage);
    switch (name) {
      case '$limit':
      case '$skip':
        break;
      case '$count':
        return needed;
      case '$match': {
        const fields = argument instanceof Document ? fieldsOf(parseFilter(argument)) : undefined;
        if (fields === undefined) return undefined;
        for (const field of fields) needed.add(field);
        break;
      }
      case '$sort':
        if (!(argument instanceof Document)) return undefined;
        for (const path of Object.keys(argument)) needed.add(path.split('.')[0] ?? '');
        break;
      case '$unwind':
      case '$addFields':
      case '$set':
        // A dotted target keeps what stands beside it.
        for (const path of argument instanceof Document ? Object.keys(argument) : [])
          needed.add(path.split('.')[0] ?? '');
        if (!mentioned(argument, needed)) return undefined;
        break;
      case '$group':
      case '$sortByCount':
        return mentioned(argument, needed) ? needed : undefined;
      default:
        return undefined;
    }
  }
  return undefined;
}

/** Collects the fields of all paths in an expression; false when the whole document may be used. */
function mentioned(expression: Value, needed: Set<string>): boolean {
  if (typeof expression === 'string') {
    if (expression.startsWith('$$ROOT') || expression.startsWith('$$CURRENT')) return false;
    if (expression.startsWith('$') && !expression.startsWith('$$')) needed.add(expression.slice(1).split('.')[0] ?? '');
    return true;
  }
  if (Array.isArray(expression)) return expression.every((item) => mentioned(item, needed));
  if (!(expression instanceof Document)) return true;
  return Object.values(expression).every((item) => item === undefined || mentioned(item, needed));
}
