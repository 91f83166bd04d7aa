import { parentPort, workerData } from 'node:worker_threads';
import type { EmbeddedOptions, StartServer, WorkerMessage } from './launch.ts';

/** The other end of `launchWorker`: serves in this thread until the message `close`, or until the server fails. */
export async function serveInWorker(start: StartServer): Promise<void> {
  const parent = parentPort;
  if (parent === null) throw new Error('this script runs in a worker thread only');
  const post = (message: WorkerMessage): void => parent.postMessage(message);
  try {
    const server = await start(workerData as EmbeddedOptions);
    parent.on('message', () => void server.close().then(() => process.exit(0)));
    server.failed.catch((error: unknown) => {
      setImmediate(() => {
        throw error; // ends the thread; the launcher passes it on
      });
    });
    post({ type: 'listening', url: server.url });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const { code, owner } = error as { readonly code?: string; readonly owner?: number };
    post({ type: 'refused', message, code, owner });
  }
}
