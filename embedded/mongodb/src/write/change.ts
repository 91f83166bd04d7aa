import { decode, elements } from '../bson/read.ts';
import { Document } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { codes, failedToParse, MongoError } from '../errors.ts';
import type { Filter } from '../query/filter.ts';
import { idOnly, withId } from '../storage/document.ts';
import { spliceOf } from './set-fields.ts';
import { assertSameId, parseUpdate } from './update.ts';
import { upsertBase, upsertId } from './upsert.ts';

/** A document's new bytes from its present ones; from the query when an upsert found none. */
export type Change = (document: Buffer | undefined, filter: Filter) => Buffer;

/** @param raw the BSON of an update's `u`: operators or a replacement */
export function changeOf(raw: Buffer, multi: boolean): Change {
  if (elements(raw)[0]?.name.startsWith('$') === true) return operators(raw);
  if (multi) throw failedToParse('multi update is not supported for replacement-style update');
  return replacement(raw);
}

function operators(raw: Buffer): Change {
  const splice = spliceOf(raw);
  const general = splice === undefined ? parseUpdate(decode(raw)) : undefined;
  return (body, filter) => {
    if (splice !== undefined && body !== undefined) return splice(body);
    const apply = general ?? parseUpdate(decode(raw));
    const document = body === undefined ? upsertBase(filter) : decode(body);
    const id = document['_id'];
    apply(document, body === undefined);
    assertSameId(id, document);
    return encode(document);
  };
}

function replacement(raw: Buffer): Change {
  const dollar = elements(raw).find((field) => field.name.startsWith('$'));
  if (dollar !== undefined)
    throw new MongoError(
      codes.DollarPrefixedFieldName,
      `The dollar ($) prefixed field '${dollar.name}' in '${dollar.name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
    );
  const given = decode(raw, 0, idOnly)['_id'];
  return (body, filter) => {
    const id = body === undefined ? upsertId(filter) : decode(body, 0, idOnly)['_id'];
    if (given === undefined) return withId(raw, codes.InvalidIdField, id);
    assertSameId(id, Object.assign(new Document(), { _id: given }));
    return raw;
  };
}
