import { type DestinationStream, type Logger, pino } from 'pino';

type Output = NodeJS.WritableStream & { readonly fd: number; readonly isTTY: boolean };

/** Lines are written together, at the latest after this long. */
const FLUSH_MS = 200;
const BUFFER_BYTES = 64 * 1024;

/**
 * The service's log, on stdout: lines that people can read on a terminal, where pino-pretty is installed, and JSON
 * everywhere else. A fatal line, and the end of the process, write out what is there.
 */
export async function createLog(level: string, out: Output = process.stdout): Promise<Logger> {
  const pretty = out.isTTY ? await readable(out) : undefined;
  return pino({ level }, pretty ?? gathered(out.fd));
}

/** Gathered as bytes: of text, sonic-boom would measure all that it has gathered with each line. */
function gathered(dest: number): DestinationStream & { flushSync(): void } {
  const writes = { minLength: BUFFER_BYTES, maxWrite: 2 * BUFFER_BYTES, periodicFlush: FLUSH_MS };
  const output = pino.destination({ dest, sync: false, contentMode: 'buffer', ...writes });
  const bytes = output as unknown as { write(line: Buffer): boolean }; // which is what that mode takes
  return {
    write: (line) => void bytes.write(Buffer.from(line)),
    flushSync: () => output.flushSync(),
  };
}

/** @returns undefined where production has left pino-pretty out */
async function readable(destination: Output): Promise<DestinationStream | undefined> {
  try {
    const { default: pretty } = await import('pino-pretty');
    return pretty({ destination, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
