import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbedded as startEventStore } from '@marios-pizzeria/embedded-eventstoredb';
import { startEmbedded as startMongo } from '@marios-pizzeria/embedded-mongodb';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly eventStoreUrl: string;
    readonly mongoUrl: string;
  }
}

/**
 * One pair of servers for all tests: those that EVENTSTORE_URL and MONGODB_URL name, or embedded ones. A test keeps to stream names, a consumer group and a database of its own.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pizzeria-test-'));
  const started: { close(): Promise<void> }[] = [];
  const start = async (startEmbedded: typeof startEventStore) => {
    const server = await startEmbedded({ dataDir, port: 0 });
    started.push(server);
    return server.url;
  };
  project.provide('eventStoreUrl', process.env.EVENTSTORE_URL || (await start(startEventStore)));
  project.provide('mongoUrl', process.env.MONGODB_URL || (await start(startMongo)));
  return async () => {
    await Promise.all(started.map((server) => server.close()));
    rmSync(dataDir, { recursive: true, force: true });
  };
}
