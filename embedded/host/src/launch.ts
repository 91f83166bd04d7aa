import { Worker } from 'node:worker_threads';

export interface EmbeddedOptions {
  /** Folder of the store's file; made when missing. */
  readonly dataDir: string;
  /** TCP port on 127.0.0.1; 0 takes any free one. */
  readonly port: number;
  /** Names of faults that the server is to show, for tests. */
  readonly faults?: readonly string[];
}

/** A server that listens, in this thread or in one of its own. */
export interface EmbeddedServer {
  /** Connection string for the official driver. */
  readonly url: string;
  /** Rejects when the server ends by itself, its store being damaged for example; never resolves. */
  readonly failed: Promise<never>;
  /** Ends open connections, flushes and closes the file. */
  close(): Promise<void>;
}

/** Starts a server in the calling thread. */
export type StartServer = (options: EmbeddedOptions) => Promise<EmbeddedServer>;

/** What a server's worker thread tells its launcher. */
export type WorkerMessage =
  | { readonly type: 'listening'; readonly url: string }
  | {
      readonly type: 'refused';
      readonly message: string;
      readonly code: string | undefined;
      /** Id of the process that has the file. */
      readonly owner: number | undefined;
    };

/**
 * Runs an embedded server in a worker thread and waits until it listens.
 *
 * @param script a module that calls `serveInWorker`
 * @throws Error with the server's own words and code when it cannot start (file in use, corrupt, port taken)
 */
export async function launchWorker(script: URL, options: EmbeddedOptions): Promise<EmbeddedServer> {
  const worker = new Worker(script, { workerData: options });
  const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
  const crashed = new Promise<never>((_, reject) => worker.once('error', reject));
  const started = new Promise<string>((resolve, reject) => {
    // `node --watch` of Node 24 sends messages of its own.
    worker.on('message', (message: WorkerMessage | { readonly type?: undefined }) => {
      if (message.type === 'listening') resolve(message.url);
      if (message.type === 'refused') {
        const { code, owner } = message;
        reject(Object.assign(new Error(message.message), { code, owner }));
      }
    });
  });
  const url = await Promise.race([
    started,
    crashed,
    exited.then((code) => Promise.reject(new Error(`embedded server ended with code ${code} before it listened`))),
  ]);
  let closing = false;
  const ended = exited.then((code) => {
    if (closing) return new Promise<never>(() => undefined);
    throw new Error(`embedded server ended by itself (code ${code})`);
  });
  const failed = Promise.race([crashed, ended]);
  failed.catch(() => undefined); // whoever waits for it still sees the rejection
  return {
    url,
    failed,
    async close() {
      closing = true;
      worker.postMessage('close');
      await exited;
    },
  };
}
