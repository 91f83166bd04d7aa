import { parentPort, workerData } from 'node:worker_threads';
import type { EmbeddedOptions, WorkerMessage } from '../launch.ts';
import { startMongoServer } from './start.ts';

const tell = (message: WorkerMessage): void => parentPort?.postMessage(message);

try {
  const server = await startMongoServer(workerData as EmbeddedOptions);
  parentPort?.on('message', () => {
    void server.close().then(() => parentPort?.close());
  });
  tell({ type: 'listening', port: server.port });
} catch (error) {
  tell({ type: 'refused', message: error instanceof Error ? error.message : String(error) });
}
