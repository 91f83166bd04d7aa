import { ObjectId } from 'bson';
import { encodeKey } from '../bson/keys.ts';
import { decode, decodeValue, elements, type Element } from '../bson/read.ts';
import { types, type Value } from '../bson/values.ts';
import { encode } from '../bson/write.ts';
import { badValue, codes, MongoError } from '../errors.ts';

export const maxDocumentBytes = 16 * 1024 * 1024;

export const idOnly: ReadonlySet<string> = new Set(['_id']);

/** The key of the `_id` of a stored document. */
export function idKeyOf(document: Buffer): Buffer {
  const value = decode(document, 0, idOnly)['_id'];
  if (value === undefined) throw new MongoError(codes.InternalError, 'a document without _id');
  return encodeKey(value);
}

/** @param code what MongoDB answers depends on the kind of write */
export function assertSize(document: Buffer, code: number): void {
  if (document.length > maxDocumentBytes)
    throw new MongoError(code, `the document has ${document.length} bytes, at most ${maxDocumentBytes} are allowed`);
}

/**
 * Puts `_id` first; where there is none, the given one or a new one.
 *
 * @throws MongoError for an `_id` that MongoDB does not store: an array, or one with `$` in front of a field's name
 */
export function withId(document: Buffer, arrayCode: number = codes.InvalidIdField, missing?: Value): Buffer {
  const fields = elements(document);
  const [id, second] = fields.filter((field) => field.name === '_id');
  if (second !== undefined) throw badValue("can't have multiple _id fields in one document");
  if (id?.type === types.array) throw new MongoError(arrayCode, "The '_id' value cannot be of type array");
  if (id?.type === types.object) assertNoDollar(document, id);
  if (id !== undefined && id === fields[0]) return document;
  const made = missing === undefined ? new ObjectId() : missing;
  const head = encode({ _id: id === undefined ? made : decodeValue(id.type, document, id.at) });
  const start = id === undefined ? 4 : id.at - '_id'.length - 2;
  const rest = [document.subarray(4, start), document.subarray(id === undefined ? start : id.end)];
  const moved = Buffer.concat([head.subarray(0, head.length - 1), ...rest]);
  moved.writeInt32LE(moved.length, 0);
  return moved;
}

function assertNoDollar(bytes: Buffer, node: Element): void {
  for (const field of elements(bytes, node.at)) {
    if (field.name.startsWith('$'))
      throw new MongoError(
        codes.DollarPrefixedFieldName,
        `_id fields may not contain '$'-prefixed fields: ${field.name} is not valid for storage.`,
      );
    if (field.type === types.object || field.type === types.array) assertNoDollar(bytes, field);
  }
}
