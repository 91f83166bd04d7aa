import type { EmbeddedOptions } from '../launch.ts';
import { startServer, type MongoServer } from './net/server.ts';
import { openStore } from './storage/store.ts';

/**
 * Opens the store and serves it, in this thread.
 *
 * @throws StoreFileError, or Error when the port is taken
 */
export async function startMongoServer({ dataDir, port }: EmbeddedOptions): Promise<MongoServer> {
  const store = openStore(dataDir);
  try {
    return await startServer({ store, port });
  } catch (error) {
    store.close();
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new Error(`port ${port} of 127.0.0.1 is taken`, { cause: error });
    throw error;
  }
}
