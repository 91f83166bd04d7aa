import { parseArgs } from 'node:util';
import type { EmbeddedOptions, StartServer } from './launch.ts';

const HELP = `Runs one embedded server until SIGTERM or Ctrl-C.

  --port N            0, or none: any free one
  --data DIR          where its file is; default ./data
  --faults NAME,NAME  for tests`;

/**
 * Runs one embedded server in the foreground: `--port N` (0 or none: any free one), `--data DIR`, and for tests
 * `--faults NAME,NAME`. Prints one line when it listens, ends with 0 on SIGTERM and SIGINT, and with 1 and the reason
 * when it cannot start or fails.
 *
 * @param name of the server that it stands in for
 * @param knownFaults names that `--faults` may hold
 */
export async function runServerAlone(
  name: string,
  start: StartServer,
  knownFaults: readonly string[] = [],
): Promise<void> {
  const fail = (error: unknown): void => {
    console.error(`embedded ${name}: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  };
  try {
    const options = readOptions(knownFaults);
    const server = await start(options);
    let stopping: Promise<void> | undefined;
    const stop = (): void => void (stopping ??= server.close().then(() => process.exit(0), fail));
    server.failed.catch(fail);
    // Under npm, Ctrl-C comes twice.
    process.on('SIGTERM', stop).on('SIGINT', stop);
    console.log(`embedded ${name} listens on ${server.url} (data in ${options.dataDir})`);
  } catch (error) {
    fail(error);
  }
}

function readOptions(knownFaults: readonly string[]): EmbeddedOptions {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      data: { type: 'string', default: './data' },
      faults: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65_535) throw new Error(`--port ${values.port} is not a port number`);
  const faults = values.faults.split(',').filter((fault) => fault !== '');
  const unknown = faults.find((fault) => !knownFaults.includes(fault));
  if (unknown !== undefined) throw new Error(`--faults ${unknown} is not a fault that this server can show`);
  return { dataDir: values.data, port, faults };
}
