/** Wire types of protocol buffers. */
const VARINT = 0;
const BYTES = 2;

/**
 * Writes one protobuf message. Sizes are not known beforehand, so a nested message is written behind one reserved
 * length byte and moved when it turns out longer than 127 bytes: cheaper than measuring everything twice.
 */
export class ProtobufWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(expectedBytes: number) {
    this.#buffer = Buffer.allocUnsafe(expectedBytes);
  }

  uint(field: number, value: number): this {
    this.#tag(field, VARINT);
    return this.#varint(value);
  }

  bigUint(field: number, value: bigint): this {
    this.#tag(field, VARINT);
    let rest = value;
    while (rest > 0x7fn) {
      this.#byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.#byte(Number(rest));
    return this;
  }

  string(field: number, value: string): this {
    const length = Buffer.byteLength(value);
    this.#tag(field, BYTES).#varint(length).#reserve(length);
    this.#buffer.write(value, this.#length);
    this.#length += length;
    return this;
  }

  empty(field: number): this {
    return this.#tag(field, BYTES).#varint(0);
  }

  message(field: number, write: (writer: this) => unknown): this {
    this.#tag(field, BYTES).#reserve(1);
    const start = (this.#length += 1);
    write(this);
    const length = this.#length - start;
    if (length < 0x80) {
      this.#buffer[start - 1] = length;
      return this;
    }
    const prefix = varintLength(length);
    this.#reserve(prefix);
    this.#buffer.copyWithin(start - 1 + prefix, start, this.#length);
    this.#length = start - 1;
    this.#varint(length);
    this.#length += length;
    return this;
  }

  finish(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #tag(field: number, type: number): this {
    return this.#varint((field << 3) | type);
  }

  #varint(value: number): this {
    let rest = value;
    while (rest > 0x7f) {
      this.#byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.#byte(rest);
    return this;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) length += 1;
  return length;
}

/** A message that is not valid protobuf. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** Reads one protobuf message field by field: `while (reader.next()) switch (reader.field) …`. */
export class ProtobufReader {
  field = 0;
  readonly #bytes: Buffer;
  #offset: number;
  readonly #end: number;
  #type = 0;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  next(): boolean {
    if (this.#offset >= this.#end) return false;
    const tag = this.#varint();
    this.field = tag >>> 3;
    this.#type = tag & 7;
    if (this.field === 0) throw new MalformedMessage('field number 0');
    return true;
  }

  /** An unsigned integer; above 2^53 it loses precision. */
  uint(): number {
    this.#expect(VARINT);
    return this.#varint();
  }

  /** An unsigned integer of 64 bits, exactly. */
  bigUint(): bigint {
    const start = this.#offset;
    const value = this.uint();
    if (value <= Number.MAX_SAFE_INTEGER) return BigInt(value);
    let exact = 0n;
    for (let at = this.#offset - 1; at >= start; at -= 1) exact = (exact << 7n) | BigInt((this.#bytes[at] ?? 0) & 0x7f);
    return exact;
  }

  bytes(): Buffer {
    const [start, end] = this.#block();
    return this.#bytes.subarray(start, end);
  }

  string(): string {
    const [start, end] = this.#block();
    return this.#bytes.toString('utf8', start, end);
  }

  message(): ProtobufReader {
    const [start, end] = this.#block();
    return new ProtobufReader(this.#bytes, start, end);
  }

  skip(): void {
    if (this.#type === VARINT) this.#varint();
    else if (this.#type === BYTES) this.#block();
    else if (this.#type === 1) this.#advance(8);
    else if (this.#type === 5) this.#advance(4);
    else throw new MalformedMessage(`wire type ${this.#type}`);
  }

  #block(): [start: number, end: number] {
    this.#expect(BYTES);
    const length = this.#varint();
    const start = this.#offset;
    this.#advance(length);
    return [start, this.#offset];
  }

  #advance(bytes: number): void {
    if (bytes > this.#end - this.#offset) throw new MalformedMessage('truncated');
    this.#offset += bytes;
  }

  #expect(type: number): void {
    if (this.#type !== type) throw new MalformedMessage(`wire type ${this.#type} for field ${this.field}`);
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 10; length += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new MalformedMessage('varint too long');
  }

  #byte(): number {
    const byte = this.#offset < this.#end ? this.#bytes[this.#offset] : undefined;
    if (byte === undefined) throw new MalformedMessage('truncated');
    this.#offset += 1;
    return byte;
  }
}
