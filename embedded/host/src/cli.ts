import { parseArgs } from 'node:util';
import type { EmbeddedOptions, StartServer } from './launch.ts';

/**
 * Runs one embedded server in the foreground: `--port N` (0 or none: any free one) and `--data DIR`. Prints one line
 * when it listens, ends with 0 on SIGTERM and SIGINT, and with 1 and the reason when it cannot start or fails.
 *
 * @param name of the server that it stands in for
 */
export async function runServerAlone(name: string, start: StartServer): Promise<void> {
  const fail = (error: unknown): void => {
    console.error(`embedded ${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  };
  try {
    const options = readOptions();
    const server = await start(options);
    const stop = (): void => void server.close().then(() => process.exit(0), fail);
    server.failed.catch(fail);
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    console.log(`embedded ${name} listens on ${server.url} (data in ${options.dataDir})`);
  } catch (error) {
    fail(error);
  }
}

function readOptions(): EmbeddedOptions {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '0' }, data: { type: 'string', default: './data' } },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`--port ${values.port} is not a port number`);
  return { dataDir: values.data, port };
}
