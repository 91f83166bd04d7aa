import { parentPort, workerData } from 'node:worker_threads';
import type { EmbeddedOptions, WorkerMessage } from '../launch.ts';
import { startServer } from './server.ts';

const parent = parentPort;
if (parent === null) throw new Error('this script runs in a worker thread only');
const post = (message: WorkerMessage): void => parent.postMessage(message);

try {
  const server = await startServer(workerData as EmbeddedOptions);
  parent.on('message', () => void server.close().then(() => process.exit(0)));
  server.failed.catch((error: unknown) => {
    setImmediate(() => {
      throw error; // ends the thread; the launcher passes it on
    });
  });
  post({ type: 'listening', port: server.port });
} catch (error) {
  post({ type: 'refused', message: error instanceof Error ? error.message : String(error) });
}
