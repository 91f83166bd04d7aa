/**
 * Watches the kitchen's board over many connections, over plain sockets, and tells when each change had come to the
 * last of them. One job a process; it reads until it is asked what it saw.
 */
import { connect, type Socket } from 'node:net';
import { LRUCache } from 'lru-cache';

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
/** Texts whose changes are remembered: all streams get the same ones at about the same time. */
const MOST_TEXTS = 200;

/** What was found in a text that came. */
interface Found {
  readonly changes: readonly Change[];
  readonly resets: number;
  /** What may be the beginning of a change whose rest is to come. */
  readonly rest: string;
}

interface Change {
  readonly name: string;
  /** How many have it. */
  times: number;
}

let job: WatchJob;
const sockets: Socket[] = [];
const changes = new Map<string, Change>();
const texts = new LRUCache<string, Found>({ max: MOST_TEXTS });
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
    const found = find(text);
    resets += found.resets;
    rest = found.rest;
    for (const change of found.changes) count(change, now);
  });
  socket.on('error', () => socket.destroy());
  socket.once('close', () => (ended += 1));
  return socket;
}

/** Each text is looked through once: to do so 500 times would be what is measured. */
function find(text: string): Found {
  const known = texts.get(text);
  if (known) return known;
  const matches = [...text.matchAll(CHANGE)];
  const last = matches.at(-1);
  const found = {
    changes: matches.map(([, id = '', revision = '']) => changeOf(`${id} ${revision}`)),
    resets: text.includes('event: reset') ? 1 : 0,
    rest: text.slice(Math.max(last ? last.index + last[0].length : 0, text.length - 100)),
  };
  texts.set(text, found);
  return found;
}

function changeOf(name: string): Change {
  const change = changes.get(name) ?? { name, times: 0 };
  changes.set(name, change);
  return change;
}

function count(change: Change, now: number): void {
  change.times += 1;
  if (change.times < job.streams - job.deaf) return;
  changes.delete(change.name);
  seenByAll[change.name] = now;
}
