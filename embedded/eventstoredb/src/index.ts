import { type EmbeddedOptions, type EmbeddedServer, launchWorker } from '@marios-pizzeria/embedded-host';

/**
 * Starts a single-node stand-in for EventStoreDB in a worker thread: its gRPC protocol on loopback, its data in
 * `dataDir`. For development and tests.
 *
 * @throws Error when the store cannot be opened (in use, corrupt, not its own) or the port is taken
 */
export function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  return launchWorker(new URL('./worker.js', import.meta.url), options);
}
