import { type Signal, signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { ROOT } from '../api/root.ts';
import type { Connection } from '../live-client.ts';

/** What is followed, by all windows of a browser together: a state, and the changes that it grows by. */
export interface Topic<State, Change> {
  /** The same in each window that follows the same. */
  readonly name: string;
  readonly initial: State;
  apply(state: State, change: Change): State;
  /** Follows it until `signal` is aborted. `emit` takes a change, or all that there is after a new beginning. */
  follow(
    emit: (news: News<State, Change>) => void,
    onConnection: (connection: Connection) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** What a window tells the others; structured clones. */
export type News<State, Change> = { readonly all: State } | { readonly change: Change };

export interface Followed<State> {
  readonly state: Signal<State>;
  readonly connection: Signal<Connection>;
}

type Message<State, Change> = News<State, Change> | { readonly connection: Connection } | 'what is there?';

/** A browser opens six connections to a service at most, and a stream keeps one: a page that nobody sees has none. */
const HIDDEN_FOR_MS = 20_000;

/**
 * Follows a topic while the page is there. Of all windows that follow the same, one has the stream and tells the
 * others; when it is closed or hidden, another one takes over and begins anew.
 */
export function useFollowed<State, Change>(topic: Topic<State, Change>): Followed<State> {
  const [followed] = useState<Followed<State>>(() => ({
    state: signal(topic.initial),
    connection: signal<Connection>('reconnecting'),
  }));
  useEffect(() => whileSeen((aborted) => void follow(topic, followed, aborted)), [topic.name]);
  return followed;
}

/** Runs something while the page is seen, and for a little while after. @returns ends it */
function whileSeen(run: (aborted: AbortSignal) => void): () => void {
  let running: AbortController | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (document.visibilityState === 'visible') {
      if (running) return;
      running = new AbortController();
      run(running.signal);
    } else timer = setTimeout(end, HIDDEN_FOR_MS);
  };
  const end = () => {
    running?.abort();
    running = undefined;
  };
  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    document.removeEventListener('visibilitychange', look);
    clearTimeout(timer);
    end();
  };
}

async function follow<State, Change>(
  topic: Topic<State, Change>,
  { state, connection }: Followed<State>,
  aborted: AbortSignal,
): Promise<void> {
  const channel = new BroadcastChannel(nameOf(topic.name));
  const tell = (message: Message<State, Change>) => channel.postMessage(message);
  let isLeading = false;
  const take = (news: News<State, Change>) => {
    state.value = 'all' in news ? news.all : topic.apply(state.value, news.change);
  };
  channel.addEventListener('message', ({ data }: MessageEvent<Message<State, Change>>) => {
    if (data === 'what is there?') {
      if (!isLeading) return;
      tell({ all: state.value });
      tell({ connection: connection.value });
    } else if (isLeading) return;
    else if ('connection' in data) connection.value = data.connection;
    else take(data);
  });
  aborted.addEventListener('abort', () => channel.close());
  tell('what is there?');
  await asOnlyOne(topic.name, aborted, async () => {
    isLeading = true;
    const emit = (news: News<State, Change>) => {
      if (aborted.aborted) return;
      take(news);
      tell(news);
    };
    const onConnection = (now: Connection) => {
      if (aborted.aborted || connection.value === now) return;
      connection.value = now;
      tell({ connection: now });
    };
    await topic.follow(emit, onConnection, aborted);
  });
}

/** Of this installation: several may be served under paths of one host. */
function nameOf(topic: string): string {
  return `follow ${ROOT.pathname} ${topic}`;
}

/** Waits until no other window does the same. Where a browser has no locks (plain http of another machine), each does. */
async function asOnlyOne(name: string, aborted: AbortSignal, run: () => Promise<void>): Promise<void> {
  if (!('locks' in navigator)) return run();
  try {
    await navigator.locks.request(nameOf(name), { signal: aborted }, run);
  } catch (error) {
    if (!aborted.aborted) throw error;
  }
}
