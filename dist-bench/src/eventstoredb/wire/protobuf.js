/** Wire types of protocol buffers. */
const VARINT = 0;
const BYTES = 2;
/**
 * Writes one protobuf message. Sizes are not known beforehand, so a nested message is written behind one reserved
 * length byte and moved when it turns out longer than 127 bytes: cheaper than measuring everything twice.
 */
export class ProtobufWriter {
    #buffer;
    #length = 0;
    constructor(expectedBytes) {
        this.#buffer = Buffer.allocUnsafe(expectedBytes);
    }
    uint(field, value) {
        this.#tag(field, VARINT);
        return this.#varint(value);
    }
    bigUint(field, value) {
        this.#tag(field, VARINT);
        let rest = value;
        while (rest > 0x7fn) {
            this.#byte(Number(rest & 0x7fn) | 0x80);
            rest >>= 7n;
        }
        this.#byte(Number(rest));
        return this;
    }
    bytes(field, value) {
        this.#tag(field, BYTES).#varint(value.length).#reserve(value.length);
        this.#buffer.set(value, this.#length);
        this.#length += value.length;
        return this;
    }
    string(field, value) {
        const length = Buffer.byteLength(value);
        this.#tag(field, BYTES).#varint(length).#reserve(length);
        this.#buffer.write(value, this.#length);
        this.#length += length;
        return this;
    }
    empty(field) {
        return this.#tag(field, BYTES).#varint(0);
    }
    message(field, write) {
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
    finish() {
        return this.#buffer.subarray(0, this.#length);
    }
    #tag(field, type) {
        return this.#varint((field << 3) | type);
    }
    #varint(value) {
        let rest = value;
        while (rest > 0x7f) {
            this.#byte((rest % 0x80) | 0x80);
            rest = Math.floor(rest / 0x80);
        }
        this.#byte(rest);
        return this;
    }
    #byte(value) {
        this.#reserve(1);
        this.#buffer[this.#length] = value;
        this.#length += 1;
    }
    #reserve(bytes) {
        const needed = this.#length + bytes;
        if (needed <= this.#buffer.length)
            return;
        const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
        this.#buffer.copy(larger, 0, 0, this.#length);
        this.#buffer = larger;
    }
}
function varintLength(value) {
    let length = 1;
    for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80))
        length += 1;
    return length;
}
/** A message that is not valid protobuf. */
export class MalformedMessage extends Error {
    name = 'MalformedMessage';
}
/** Reads one protobuf message field by field: `while (reader.next()) switch (reader.field) …`. */
export class ProtobufReader {
    field = 0;
    #bytes;
    #offset;
    #end;
    #type = 0;
    constructor(bytes, start = 0, end = bytes.length) {
        this.#bytes = bytes;
        this.#offset = start;
        this.#end = end;
    }
    next() {
        if (this.#offset >= this.#end)
            return false;
        const tag = this.#varint();
        this.field = tag >>> 3;
        this.#type = tag & 7;
        if (this.field === 0)
            throw new MalformedMessage('field number 0');
        return true;
    }
    /** An unsigned integer; above 2^53 it loses precision, which here only ever means "very far". */
    uint() {
        this.#expect(VARINT);
        return this.#varint();
    }
    bool() {
        return this.uint() !== 0;
    }
    bigInt64() {
        this.#expect(VARINT);
        let value = 0n;
        for (let shift = 0n; shift < 70n; shift += 7n) {
            const byte = this.#byte();
            value |= BigInt(byte & 0x7f) << shift;
            if (byte < 0x80)
                return BigInt.asIntN(64, value);
        }
        throw new MalformedMessage('varint too long');
    }
    bytes() {
        const [start, end] = this.#block();
        return this.#bytes.subarray(start, end);
    }
    string() {
        const [start, end] = this.#block();
        return this.#bytes.toString('utf8', start, end);
    }
    message() {
        const [start, end] = this.#block();
        return new ProtobufReader(this.#bytes, start, end);
    }
    skip() {
        if (this.#type === VARINT)
            this.#varint();
        else if (this.#type === BYTES)
            this.#block();
        else if (this.#type === 1)
            this.#advance(8);
        else if (this.#type === 5)
            this.#advance(4);
        else
            throw new MalformedMessage(`wire type ${this.#type}`);
    }
    #block() {
        this.#expect(BYTES);
        const length = this.#varint();
        const start = this.#offset;
        this.#advance(length);
        return [start, this.#offset];
    }
    #advance(bytes) {
        if (bytes > this.#end - this.#offset)
            throw new MalformedMessage('truncated');
        this.#offset += bytes;
    }
    #expect(type) {
        if (this.#type !== type)
            throw new MalformedMessage(`wire type ${this.#type} for field ${this.field}`);
    }
    #varint() {
        let value = 0;
        let scale = 1;
        for (let length = 0; length < 10; length += 1) {
            const byte = this.#byte();
            value += (byte & 0x7f) * scale;
            if (byte < 0x80)
                return value;
            scale *= 0x80;
        }
        throw new MalformedMessage('varint too long');
    }
    #byte() {
        const byte = this.#offset < this.#end ? this.#bytes[this.#offset] : undefined;
        if (byte === undefined)
            throw new MalformedMessage('truncated');
        this.#offset += 1;
        return byte;
    }
}
