import { hash } from 'node:crypto';
/**
 * A UUID of version 5 (RFC 9562 §5.5): made of a name, the same for the same name and namespace. Every event's id is
 * one, and the usual package takes five times as long for it.
 *
 * @param namespace a UUID
 */
export function uuidV5(name, namespace) {
    const bytes = Buffer.allocUnsafe(16 + Buffer.byteLength(name));
    bytes.write(namespace.replaceAll('-', ''), 'hex');
    bytes.write(name, 16);
    const hex = hash('sha1', bytes, 'hex');
    const variant = VARIANTS.charAt(Number.parseInt(hex.charAt(16), 16) & 0b11);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
/** The two bits that tell it from other kinds of UUID, before the two that are there. */
const VARIANTS = '89ab';
