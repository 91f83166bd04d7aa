import { type EmbeddedOptions, type EmbeddedServer, PortTakenError } from '@marios-pizzeria/embedded-host';
import { runCommand } from './dispatch.ts';
import { FAULTS, stepDownOnRequest } from './faults.ts';
import { serve } from './net/server.ts';
import { openStore } from './storage/store.ts';

/**
 * Opens the store in `dataDir` and serves it on loopback, in this thread.
 *
 * @throws StoreFileError when the store cannot be used; Error when the port is taken or a fault is not known
 */
export async function startServer({ dataDir, port, faults = [] }: EmbeddedOptions): Promise<EmbeddedServer> {
  const unknown = faults.find((fault) => !FAULTS.includes(fault));
  if (unknown !== undefined) throw new Error(`${unknown} is not a fault that this server can show`);
  const store = openStore(dataDir);
  try {
    const server = await serve({ store, port, run: faults.length > 0 ? stepDownOnRequest(runCommand) : runCommand });
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
