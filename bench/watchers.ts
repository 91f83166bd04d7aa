/**
 * Watches the kitchen's board over many connections, over plain sockets, and tells when each change had come to the
 * last of them. One job a process; it reads until it is asked what it saw.
 */
import { connect, type Socket } from 'node:net';

export interface WatchJob {
  readonly port: number;
  readonly streams: number;
  /** Of them, those that read nothing once they have begun. */
  readonly deaf: number;
}

export interface WatchResult {
  /** Milliseconds since 1970 at which a change had come to all who read, by the order's id and revision. */
  readonly seenByAll: Readonly<Record<string, number>>;
  readonly resets: number;
  readonly ended: number;
  readonly megabytes: number;
}

const CHANGE = /"orderId":"([^"]+)","revision":(\d+),"eventType"/g;

let job: WatchJob;
const sockets: Socket[] = [];
const seen = new Map<string, number>();
const seenByAll: Record<string, number> = {};
let resets = 0;
let ended = 0;
let bytes = 0;

process.on('message', (message: WatchJob | 'result') => {
  if (message === 'result')
    process.send?.({ seenByAll, resets, ended, megabytes: bytes / 2 ** 20 } satisfies WatchResult);
  else {
    job = message;
    void begin().then(() => process.send?.('watching'));
  }
});
process.on('disconnect', () => process.exit());

async function begin(): Promise<void> {
  for (let index = 0; index < job.streams; index += 1) {
    await new Promise<void>((resolve) => sockets.push(open(index < job.deaf, resolve)));
  }
}

function open(isDeaf: boolean, begun: () => void): Socket {
  const socket = connect({ port: job.port, host: '127.0.0.1', noDelay: true });
  socket.write(`GET /stream/kitchen HTTP/1.1\r\nhost: 127.0.0.1:${job.port}\r\n\r\n`);
  let rest = '';
  let hasBegun = false;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    const now = performance.timeOrigin + performance.now();
    bytes += chunk.length;
    const text = rest + chunk;
    if (!hasBegun) {
      if (!text.includes('event: hello')) return void (rest = text);
      hasBegun = true;
      if (isDeaf) socket.pause();
      begun();
    }
    let end = 0;
    for (const match of text.matchAll(CHANGE)) {
      end = match.index + match[0].length;
      count(`${match[1] ?? ''} ${match[2] ?? ''}`, now);
    }
    if (text.includes('event: reset')) resets += 1;
    // What may be the beginning of a change whose rest is to come.
    rest = text.slice(Math.max(end, text.length - 100));
  });
  socket.on('error', () => socket.destroy());
  socket.once('close', () => (ended += 1));
  return socket;
}

function count(change: string, now: number): void {
  const times = (seen.get(change) ?? 0) + 1;
  if (times < job.streams - job.deaf) return void seen.set(change, times);
  seen.delete(change);
  seenByAll[change] = now;
}
