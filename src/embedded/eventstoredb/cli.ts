import { parseArgs } from 'node:util';
import { startServer } from './server.ts';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '2113' }, data: { type: 'string', default: './data' } },
});

try {
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is not a port number`);
  const server = await startServer({ port, dataDir: values.data });
  const fail = (error: unknown): void => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  };
  const stop = (): void => void server.close().then(() => process.exit(0), fail);
  server.failed.catch(fail);
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  console.log(`embedded EventStoreDB listens on esdb://127.0.0.1:${server.port}?tls=false, data in ${values.data}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
