import { parseArgs } from 'node:util';
import type { EmbeddedOptions } from './launch.ts';

interface Running {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Runs one embedded server in the foreground: `--port N` (0 or none: any free one) and `--data DIR`. Prints one line
 * when it listens, ends with 0 on SIGTERM and SIGINT, and with 1 and the reason when it cannot start.
 */
export async function runServerAlone(
  name: string,
  start: (options: EmbeddedOptions) => Promise<Running>,
  urlOf: (port: number) => string,
): Promise<void> {
  try {
    const server = await start(options());
    const stop = (): void => void server.close().then(() => process.exit(0));
    process.once('SIGTERM', stop);
    process.once('SIGINT', stop);
    console.log(`embedded ${name} listening on ${urlOf(server.port)}`);
  } catch (error) {
    console.error(`embedded ${name} cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

function options(): EmbeddedOptions {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '0' }, data: { type: 'string', default: './data' } },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port has to be 0 to 65535, not ${values.port}`);
  return { dataDir: values.data, port };
}
