/** The calls that are being served, so that a server that stops can end each with a clear error. */
export interface OpenCalls {
  /** Gives the function to call when the call is over. */
  add(stop: () => void): () => void;
  stopAll(): void;
}

export function createOpenCalls(): OpenCalls {
  const open = new Set<() => void>();
  return {
    add(stop) {
      open.add(stop);
      return () => void open.delete(stop);
    },
    stopAll() {
      for (const stop of [...open]) stop();
    },
  };
}
