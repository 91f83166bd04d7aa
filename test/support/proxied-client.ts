import type { EventStoreDBClient } from '@eventstore/db-client';
import { connectEventStore } from '../../src/eventstoredb/client.ts';
import { type FaultProxy, startProxy } from '../drills/proxy.ts';

/** A client whose connection is its own, which clients of one address share, and can be made to fail. */
export async function connectThroughProxy(
  url: string,
): Promise<{ readonly client: EventStoreDBClient; readonly proxy: FaultProxy; readonly close: () => Promise<void> }> {
  const proxy = await startProxy(Number(/:(\d+)/.exec(url)?.[1]));
  const client = connectEventStore(url.replace(/:\d+/, `:${proxy.port}`));
  return {
    client,
    proxy,
    async close() {
      await client.dispose();
      await proxy.close();
    },
  };
}
