import { Buffer } from 'node:buffer';
import { pino } from 'pino';
/** Lines are written together, at the latest after this long. */
const FLUSH_MS = 200;
const BUFFER_BYTES = 64 * 1024;
/**
 * The service's log, on stdout. Its lines are gathered as bytes: gathered as text, all that is gathered would be copied
 * with each line. A fatal line, and the end of the process, write out what is there.
 */
export function createLog(level) {
    const output = pino.destination({
        dest: process.stdout.fd,
        sync: false,
        minLength: BUFFER_BYTES,
        maxWrite: 2 * BUFFER_BYTES,
        periodicFlush: FLUSH_MS,
        contentMode: 'buffer',
    });
    const bytes = output; // which is what that mode takes
    const stream = {
        write: (line) => void bytes.write(Buffer.from(line)),
        flushSync: () => output.flushSync(),
    };
    return pino({ level }, stream);
}
