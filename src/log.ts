import { type DestinationStream, type Logger, pino } from 'pino';

type Output = NodeJS.WritableStream & { readonly fd: number; readonly isTTY: boolean };

/** Lines are written together, at the latest after this long. */
const FLUSH_MS = 200;
const BUFFER_BYTES = 8 * 1024;

/**
 * The service's log, on stdout: lines that people can read on a terminal, where pino-pretty is installed, and JSON
 * everywhere else. A fatal line, and the end of the process, write out what is there.
 */
export async function createLog(level: string, out: Output = process.stdout): Promise<Logger> {
  const pretty = out.isTTY ? await readable(out) : undefined;
  const json = { dest: out.fd, sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS };
  return pino({ level }, pretty ?? pino.destination(json));
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
