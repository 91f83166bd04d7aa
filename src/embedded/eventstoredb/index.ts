import type { EmbeddedOptions, EmbeddedServer } from '../launch.ts';
import { launchWorker } from '../launch.ts';

/**
 * Starts a single-node stand-in for EventStoreDB in a worker thread: its gRPC protocol on loopback, its data in
 * `dataDir`. For development and tests.
 *
 * @throws Error when the store cannot be opened (in use, corrupt, not its own) or the port is taken
 */
export function startEmbeddedEventStore(options: EmbeddedOptions): Promise<EmbeddedServer> {
  return launchWorker(new URL('./worker.js', import.meta.url), options, (port) => `esdb://127.0.0.1:${port}?tls=false`);
}
