import { Binary, Double, ObjectId } from 'bson';
import { Document, RawDocument, types } from './values.ts';

/** Writes BSON into a buffer that grows. */
class BsonWriter {
  bytes = Buffer.allocUnsafe(1024);
  at = 0;

  reserve(size: number): void {
    if (this.at + size <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.at + size));
    this.bytes.copy(larger, 0, 0, this.at);
    this.bytes = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.at] = value;
    this.at += 1;
  }

  int32(value: number): void {
    this.reserve(4);
    this.at = this.bytes.writeInt32LE(value, this.at);
  }

  double(value: number): void {
    this.reserve(8);
    this.at = this.bytes.writeDoubleLE(value, this.at);
  }

  int64(value: bigint): void {
    this.reserve(8);
    this.at = this.bytes.writeBigInt64LE(value, this.at);
  }

  millis(value: number): void {
    const high = Math.floor(value / 4294967296);
    this.reserve(8);
    this.at = this.bytes.writeUInt32LE(value - high * 4294967296, this.at);
    this.at = this.bytes.writeInt32LE(high, this.at);
  }

  cstring(value: string): void {
    this.reserve(value.length * 3 + 1);
    this.at += this.bytes.write(value, this.at);
    this.bytes[this.at] = 0;
    this.at += 1;
  }

  string(value: string): void {
    this.reserve(value.length * 3 + 5);
    const size = this.bytes.write(value, this.at + 4);
    this.bytes.writeInt32LE(size + 1, this.at);
    this.at += size + 4;
    this.bytes[this.at] = 0;
    this.at += 1;
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.bytes.set(value, this.at);
    this.at += value.length;
  }

  document(value: object): void {
    const start = this.at;
    this.int32(0);
    for (const name of Object.keys(value)) {
      const field = (value as Record<string, unknown>)[name];
      if (field !== undefined) this.element(name, field);
    }
    this.close(start);
  }

  array(values: readonly unknown[]): void {
    const start = this.at;
    this.int32(0);
    for (let i = 0; i < values.length; i += 1) this.element(String(i), values[i] ?? null);
    this.close(start);
  }

  close(start: number): void {
    this.byte(0);
    this.bytes.writeInt32LE(this.at - start, start);
  }

  tag(type: number, name: string): void {
    this.byte(type);
    this.cstring(name);
  }

  element(name: string, value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.tag(types.string, name);
        this.string(value);
        break;
      case 'number':
        this.number(name, value);
        break;
      case 'boolean':
        this.tag(types.bool, name);
        this.byte(value ? 1 : 0);
        break;
      case 'bigint':
        this.tag(types.long, name);
        this.int64(value);
        break;
      case 'object':
        if (value === null) this.tag(types.null, name);
        else this.object(name, value);
        break;
      default:
        throw new TypeError(`cannot encode ${typeof value} as BSON`);
    }
  }

  number(name: string, value: number): void {
    if (Number.isInteger(value) && value >= -2147483648 && value <= 2147483647 && !Object.is(value, -0)) {
      this.tag(types.int, name);
      this.int32(value);
    } else {
      this.tag(types.double, name);
      this.double(value);
    }
  }

  object(name: string, value: object): void {
    if (value instanceof Document) {
      this.tag(types.object, name);
      this.document(value);
    } else if (Array.isArray(value)) {
      this.tag(types.array, name);
      this.array(value as readonly unknown[]);
    } else if (value instanceof RawDocument) {
      this.tag(types.object, name);
      this.raw(value.bytes);
    } else if (value instanceof Date) {
      this.tag(types.date, name);
      this.millis(value.getTime());
    } else if (value instanceof Double) {
      this.tag(types.double, name);
      this.double(value.value);
    } else if (value instanceof ObjectId) {
      this.tag(types.objectId, name);
      this.raw(value.id);
    } else if (value instanceof Binary) {
      this.tag(types.binData, name);
      this.int32(value.length());
      this.byte(value.sub_type);
      this.raw(value.value());
    } else {
      this.tag(types.object, name);
      this.document(value);
    }
  }
}

/** Encodes a document; the fields keep their order. */
export function encode(document: object): Buffer {
  const writer = new BsonWriter();
  writer.document(document);
  return writer.bytes.subarray(0, writer.at);
}
