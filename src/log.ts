import { type DestinationStream, type Logger, pino } from 'pino';
import sonicBoom from 'sonic-boom';

type Output = NodeJS.WritableStream & { readonly fd: number; readonly isTTY: boolean };

/** Lines are written together, at the latest after this long. */
const FLUSH_MS = 200;
const BUFFER_BYTES = 64 * 1024;
/** Of lines that wait for a slow reader. */
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * The service's log, on stdout: lines that people can read on a terminal, where pino-pretty is installed, and JSON
 * everywhere else. A fatal line, and the end of the process, write out what is there.
 */
export async function createLog(level: string, out: Output = process.stdout): Promise<Logger> {
  const pretty = out.isTTY ? await readable(out) : undefined;
  return pino({ level }, pretty ?? gathered(out.fd));
}

/**
 * Gathered as bytes: of text, sonic-boom would measure all that it has gathered with each line. Where lines cannot be
 * written, or nobody reads them, they are lost in the end: neither is a reason to stop, nor to keep them without limit.
 */
function gathered(fd: number): DestinationStream & { flushSync(): void } {
  let isLosing = false;
  let output = open();
  process.once('exit', flushSync);
  return {
    write(line) {
      const bytes = output as unknown as { write(line: Buffer): boolean }; // which is what that mode takes
      bytes.write(Buffer.from(line));
    },
    flushSync,
  };

  function open() {
    const writes = { minLength: BUFFER_BYTES, maxWrite: 2 * BUFFER_BYTES, periodicFlush: FLUSH_MS };
    const opened = new sonicBoom.SonicBoom({
      fd,
      sync: false,
      contentMode: 'buffer',
      maxLength: MOST_BYTES,
      ...writes,
    });
    opened.on('drain', () => (isLosing = false));
    opened.on('drop', () => tell('they are not read'));
    opened.on('error', (error: Error) => {
      if (opened === output) restart(error);
    });
    return opened;
  }

  function flushSync(): void {
    try {
      output.flushSync();
    } catch (error) {
      restart(error as Error);
    }
  }

  /** What it holds is lost; it would try to write the same again for ever. */
  function restart({ message }: Error): void {
    tell(message);
    output.destroy();
    output = open();
  }

  /** Once each time, on stderr; by `console`, which doesn't mind that stderr may be the same file. */
  function tell(reason: string): void {
    if (!isLosing) console.error(`Lines of the log are lost: ${reason}`);
    isLosing = true;
  }
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
