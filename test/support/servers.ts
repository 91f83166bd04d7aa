import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    readonly eventStoreUrl: string;
    readonly mongoUrl: string;
  }
}

interface EmbeddedServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * One pair of servers for all tests: those that EVENTSTORE_URL and MONGODB_URL name, or embedded ones from the build
 * in dist/. A test keeps to stream names, a consumer group and a database of its own.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pizzeria-test-'));
  const started: EmbeddedServer[] = [];
  const start = async (module: string, name: string) => {
    const loaded = (await import(new URL(`../../dist/embedded/${module}/index.js`, import.meta.url).href)) as Record<
      string,
      (options: object) => Promise<EmbeddedServer>
    >;
    const server = await loaded[name]?.({ dataDir, port: 0 });
    if (!server) throw new Error(`dist/embedded/${module} has no ${name}: run npm run build`);
    started.push(server);
    return server.url;
  };
  project.provide(
    'eventStoreUrl',
    process.env.EVENTSTORE_URL || (await start('eventstoredb', 'startEmbeddedEventStore')),
  );
  project.provide('mongoUrl', process.env.MONGODB_URL || (await start('mongodb', 'startEmbeddedMongo')));
  return async () => {
    await Promise.all(started.map((server) => server.close()));
    rmSync(dataDir, { recursive: true, force: true });
  };
}
