/** An event of a stream, with its data parsed. */
export interface LiveEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * `live`: changes come, or would; `behind`: the service waits for its event store; `reconnecting`: there is no
 * connection, or a silent one; `signed-out`, `forbidden`, `gone`: the service answers 401, 403, or 404 or 410,
 * and is asked again all the same.
 */
export type Connection = 'live' | 'behind' | 'reconnecting' | 'signed-out' | 'forbidden' | 'gone';

export interface WatchOptions {
  /** The stream's address. Asked for before each attempt, so that it may be that of another instance. */
  readonly url: () => string;
  /** Headers of each attempt, such as `authorization`. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Takes what happens, in order; never `hello`, `bye` or `reset`. */
  readonly onEvent: (event: LiveEvent) => void;
  readonly onConnection?: (connection: Connection) => void;
  /** Takes the service's time, RFC 3339, whenever a stream begins. */
  readonly onServerTime?: (time: string) => void;
  /** Reads what is watched as it is now: at the start, and whenever the stream cannot go on. @returns where it goes on from */
  readonly begin?: (signal: AbortSignal) => Promise<string | undefined>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

const LONGEST_PAUSE_MS = 30_000;
const FIRST_PAUSE_MS = 1000;
/** Of two heartbeats, one may be late. */
const SILENT_AFTER_HEARTBEATS = 2.5;
const HEARTBEAT_SECONDS = 15;

/** An answer that is no stream. */
class Refused extends Error {
  readonly status: number;
  readonly retryAfterMs: number;

  constructor({ status, headers }: Response) {
    super(`answered ${status}`);
    this.status = status;
    this.retryAfterMs = (Number(headers.get('retry-after')) || 0) * 1000;
  }
}

/** How an attempt ended, and after how many milliseconds the service wants the next one. */
interface Ended {
  readonly waitMs?: number;
  readonly isReset?: boolean;
}

/**
 * Watches a stream until it is told to stop. Whatever happens, it connects again, where it was, after a pause that
 * grows up to half a minute. `EventSource` would give up for good after the first answer that is not 200.
 */
export async function watch(options: WatchOptions): Promise<void> {
  const { signal, begin, onConnection = () => undefined } = options;
  let position: string | undefined;
  let hasBegun = false;
  let failures = 0;
  while (!signal.aborted) {
    let leastMs = 0;
    try {
      if (!hasBegun) position = await begin?.(signal);
      hasBegun = true;
      const { waitMs, isReset = false } = await readOnce();
      hasBegun = !isReset;
      if (waitMs !== undefined) {
        await pause(waitMs, signal);
        continue;
      }
      if (isReset && failures === 0) {
        failures = 1;
        continue;
      }
    } catch (error) {
      if (error instanceof Refused) {
        leastMs = error.retryAfterMs;
        onConnection(REFUSALS[error.status] ?? 'reconnecting');
      } else onConnection('reconnecting');
    }
    failures += 1;
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    await pause(leastMs + Math.random() * longest, signal);
  }

  async function readOnce(): Promise<Ended> {
    const attempt = new AbortController();
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    const abort = () => {
      attempt.abort();
      // Node forgets a signal once its request has been collected as garbage, however long the answer goes on.
      reader?.cancel().catch(() => undefined);
    };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    let silenceMs = SILENT_AFTER_HEARTBEATS * HEARTBEAT_SECONDS * 1000;
    let silent = setTimeout(abort, silenceMs);
    try {
      const headers = {
        accept: 'text/event-stream',
        ...(position !== undefined && { 'last-event-id': position }),
        ...(await options.headers?.()),
      };
      const response = await fetch(options.url(), { headers, signal: attempt.signal });
      if (response.status !== 200 || !response.body) {
        await response.body?.cancel();
        throw new Refused(response);
      }
      reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const parse = createParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        for (const { id, event, data } of parse(value)) {
          position = id ?? position;
          if (event === 'hello') {
            silenceMs = SILENT_AFTER_HEARTBEATS * (Number(data['heartbeatSeconds']) || HEARTBEAT_SECONDS) * 1000;
            onConnection('live');
            if (typeof data['serverTime'] === 'string') options.onServerTime?.(data['serverTime']);
          } else if (event === 'reset') return { isReset: true };
          else if (event === 'bye') return { waitMs: Number(data['retryMs']) };
          else {
            failures = 0;
            if (event === 'projection' && 'state' in data)
              onConnection(data['state'] === 'waiting' ? 'behind' : 'live');
            options.onEvent({ event, data });
          }
        }
        clearTimeout(silent);
        silent = setTimeout(abort, silenceMs);
      }
      onConnection('reconnecting');
      return {};
    } finally {
      clearTimeout(silent);
      signal.removeEventListener('abort', abort);
      abort();
    }
  }
}

const REFUSALS: Readonly<Record<number, Connection>> = {
  401: 'signed-out',
  403: 'forbidden',
  404: 'gone',
  410: 'gone',
};

interface Parsed extends LiveEvent {
  readonly id: string | undefined;
}

/** @returns takes bytes, cut anywhere, and gives the events that they complete */
export function createParser(): (bytes: Uint8Array) => Parsed[] {
  const decoder = new TextDecoder();
  let rest = '';
  let fields = new Map<string, string>();

  return (bytes) => {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    return lines.flatMap((line) => {
      if (line !== '') {
        const colon = line.indexOf(': ');
        if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 2));
        return [];
      }
      const complete = fields;
      fields = new Map();
      const data = complete.get('data');
      if (data === undefined) return [];
      const parsed = JSON.parse(data) as LiveEvent['data'];
      return [{ id: complete.get('id'), event: complete.get('event') ?? 'message', data: parsed }];
    });
  };
}

/** Settles after so long, or once the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}

/** What a board needs to know of an order. */
export interface BoardCard {
  readonly id: string;
  readonly revision: number;
  readonly status: string;
}

export interface BoardOptions<Card extends BoardCard> extends Pick<
  WatchOptions,
  'headers' | 'onConnection' | 'onServerTime' | 'signal'
> {
  /** The service's address, without a slash at its end; asked for before each attempt. */
  readonly base: () => string;
  /** Whenever something has changed: the orders that are not over, by their ids, and the card that has just come. */
  readonly onBoard: (cards: ReadonlyMap<string, Card>, changed: Card | undefined) => void;
}

/**
 * Of orders that have left the board, those whose last revision is remembered. A stream that goes on from an earlier
 * place repeats no more changes than this; beyond, it tells to begin anew.
 */
const MOST_REPEATED = 5000;

/** Keeps a kitchen's board: reads it, and applies each change that is newer than what it shows, once. */
export function watchBoard<Card extends BoardCard>({ base, onBoard, ...options }: BoardOptions<Card>): Promise<void> {
  const cards = new Map<string, Card>();
  /** Revisions of orders that have left the board, the last one at the end: an older change must not bring them back. */
  const departed = new Map<string, number>();

  return watch({
    ...options,
    url: () => `${base()}/stream/kitchen`,
    async begin(signal) {
      const headers = await options.headers?.();
      const response = await fetch(`${base()}/kitchen/board`, { signal, ...(headers && { headers }) });
      if (!response.ok) throw new Refused(response);
      const { asOf, orders } = (await response.json()) as { readonly asOf: string; readonly orders: readonly Card[] };
      cards.clear();
      departed.clear();
      for (const card of orders) cards.set(card.id, card);
      onBoard(cards, undefined);
      return asOf;
    },
    onEvent({ event, data }) {
      if (event !== 'order') return;
      const card = data['card'] as Card;
      if (card.revision <= (cards.get(card.id)?.revision ?? departed.get(card.id) ?? -1)) return;
      if (card.status === 'DELIVERED' || card.status === 'CANCELLED') {
        cards.delete(card.id);
        departed.delete(card.id);
        departed.set(card.id, card.revision);
        const [oldest] = departed.keys();
        if (departed.size > MOST_REPEATED && oldest !== undefined) departed.delete(oldest);
      } else cards.set(card.id, card);
      onBoard(cards, card);
    },
  });
}
