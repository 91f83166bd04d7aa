import type { handleUnaryCall } from '@grpc/grpc-js';
import { toRpcError } from './rpc-errors.ts';

/** A unary call whose handler returns its answer or throws its error. */
export function unary<Req, Res>(handle: (request: Req) => Res | Promise<Res>): handleUnaryCall<Req, Res> {
  return (call, callback) => {
    Promise.resolve(call.request)
      .then(handle)
      .then(
        (response) => callback(null, response),
        (error: unknown) => callback(toRpcError(error)),
      );
  };
}
