import type { RpcError } from './rpc-errors.ts';

/** The calls that are being served, so that a server that stops can end each with a clear error. */
export interface OpenCalls {
  /** Gives the function to call when the call is over. */
  add(fail: (error: RpcError) => void): () => void;
  failAll(error: RpcError): void;
}

export function createOpenCalls(): OpenCalls {
  const open = new Set<(error: RpcError) => void>();
  return {
    add(fail) {
      open.add(fail);
      return () => void open.delete(fail);
    },
    failAll(error) {
      for (const fail of [...open]) fail(error);
    },
  };
}
