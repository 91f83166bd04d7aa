import { compareStrings } from '../bson/compare.ts';
import { elements, isArrayIndex } from '../bson/read.ts';
import { types } from '../bson/values.ts';

/** New bytes of a document. */
export type Splice = (document: Buffer) => Buffer;

const END = Buffer.of(0);

/**
 * The commonest update, a `$set` of whole top-level fields, done on the bytes alone: nothing else of the document is
 * read or written anew. Fields that are there keep their place, new ones follow in lexical order, as MongoDB has it.
 *
 * @param update BSON of an update made of operators
 * @returns undefined for any other update, and for one that has to be refused
 */
export function spliceOf(update: Buffer): Splice | undefined {
  const [operator, ...others] = elements(update);
  if (operator?.name !== '$set' || operator.type !== types.object || others.length > 0) return undefined;
  const fields = new Map<string, Buffer>();
  let start = operator.at + 4;
  for (const { name, end } of elements(update, operator.at)) {
    if (!isPlain(name) || fields.has(name)) return undefined;
    fields.set(name, update.subarray(start, end));
    start = end;
  }
  if (fields.size === 0) return undefined;
  const sorted = [...fields].sort(([a], [b]) => compareStrings(a, b));
  return (document) => {
    const parts: Buffer[] = [Buffer.alloc(4)];
    const present = new Set<string>();
    let kept = 4;
    let at = 4;
    for (const { name, end } of elements(document)) {
      const field = fields.get(name);
      if (field) {
        present.add(name);
        parts.push(document.subarray(kept, at), field);
        kept = end;
      }
      at = end;
    }
    parts.push(document.subarray(kept, at));
    for (const [name, field] of sorted) if (!present.has(name)) parts.push(field);
    parts.push(END);
    const changed = Buffer.concat(parts);
    changed.writeInt32LE(changed.length, 0);
    return changed;
  };
}

/** Paths, the `_id` and names that are refused are for the general way. */
function isPlain(name: string): boolean {
  return name !== '' && name !== '_id' && !name.includes('.') && !name.startsWith('$') && !isArrayIndex(name);
}
