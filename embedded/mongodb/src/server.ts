import { type EmbeddedOptions, type EmbeddedServer, PortTakenError } from '@marios-pizzeria/embedded-host';
import { serve } from './net/server.ts';
import { openStore } from './storage/store.ts';

/**
 * Opens the store in `dataDir` and serves it on loopback, in this thread.
 *
 * @throws StoreFileError when the store cannot be used; Error when the port is taken
 */
export async function startServer({ dataDir, port }: EmbeddedOptions): Promise<EmbeddedServer> {
  const store = openStore(dataDir);
  try {
    const server = await serve({ store, port });
    return {
      url: `mongodb://127.0.0.1:${server.port}/?directConnection=true`,
      failed: new Promise<never>(() => undefined),
      close: () => server.close(),
    };
  } catch (error) {
    store.close();
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
      throw new PortTakenError(`port ${port} of 127.0.0.1 is in use by another program`, { cause: error });
    throw error;
  }
}
