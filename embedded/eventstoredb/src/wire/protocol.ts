import { fileURLToPath } from 'node:url';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

const FILES = ['streams', 'persistent_subscriptions', 'gossip', 'server_features'];

const root = new protobuf.Root();
root.resolvePath = (_importer, file) => fileURLToPath(new URL(`../../proto/${file}`, import.meta.url));
root.loadSync(FILES.map((name) => `${name}.proto`)).resolveAll();

/** The library cuts a string that claims to be longer than its message; here that is an error, as it is for bytes. */
class StrictReader extends protobuf.BufferReader {
  override string(): string {
    const length = this.uint32();
    const start = this.pos;
    if (length > this.len - start) throw new RangeError('a string is longer than its message');
    this.pos += length;
    return (this.buf as Buffer).toString('utf8', start, this.pos);
  }
}

export type Encoder = (message: object) => Buffer;

/** @param name of a message of the package `event_store.client`, such as `streams.ReadResp` */
export function encoderOf(name: string): Encoder {
  const type = root.lookupType(`event_store.client.${name}`);
  return (message) => type.encode(message).finish() as Buffer;
}

/**
 * A service of the package `event_store.client` as gRPC wants it. Its handlers get plain objects and answer with
 * them, or with a message that is encoded already.
 */
export function serviceOf(name: string): ServiceDefinition {
  const service = root.lookupService(`event_store.client.${name}`);
  const methods = service.methodsArray.map((method) => {
    const { resolvedRequestType: request, resolvedResponseType: response } = method;
    if (request === null || response === null) throw new Error(`${method.fullName} is not resolved`);
    const encode = (message: object): Buffer =>
      Buffer.isBuffer(message) ? message : (response.encode(message).finish() as Buffer);
    const definition: MethodDefinition<object, object> = {
      path: `/${service.fullName.slice(1)}/${method.name}`,
      requestStream: method.requestStream === true,
      responseStream: method.responseStream === true,
      requestSerialize: (message) => request.encode(message).finish() as Buffer,
      requestDeserialize: (bytes) => request.decode(new StrictReader(bytes)),
      responseSerialize: encode,
      responseDeserialize: (bytes) => response.decode(bytes),
    };
    return [`${method.name.charAt(0).toLowerCase()}${method.name.slice(1)}`, definition] as const;
  });
  return Object.fromEntries(methods);
}
