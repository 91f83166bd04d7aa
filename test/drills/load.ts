import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from './random.ts';

export type Kind =
  | 'place'
  | 'confirm'
  | 'pay'
  | 'status'
  | 'discount'
  | 'address'
  | 'cancel'
  | 'refund'
  | 'complete'
  | 'fail'
  | 'customer'
  | 'menu';

/** One command of the load. Its mark is a text that only this command's event holds. */
export interface SentCommand {
  readonly mark: string;
  readonly kind: Kind;
  /** The order, the customer or the sku; a new order's is only known once it is acknowledged. */
  readonly subject: string | undefined;
  readonly key: string | undefined;
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * What the caller knows about a command: that it took effect, at which revision; that it was refused; or, where no
 * answer came or only that the store is away, nothing.
 */
export type Settled =
  | { readonly type: 'acknowledged'; readonly subject: string; readonly revision: number; readonly status: string }
  | { readonly type: 'refused' }
  | { readonly type: 'unknown' };

export interface LoadedCommand {
  readonly command: SentCommand;
  readonly settled: Settled;
}

interface LoadReport {
  readonly commands: readonly LoadedCommand[];
  /** Answers that no caller should ever see. */
  readonly unexpected: readonly string[];
  /** A repeated command whose answer was not the first one's. */
  readonly changedAnswers: readonly string[];
  readonly retries: number;
  /** The longest that an answer of any kind took, in milliseconds. */
  readonly slowestMs: number;
}

export interface LoadOptions {
  /** Base URLs of the instances, as they are now. */
  readonly instances: () => readonly string[];
  readonly random: Random;
  /** Names the commands of this load; unique among all that share a store. */
  readonly name: string;
  /** Callers side by side. */
  readonly callers?: number;
  readonly mostCommands?: number;
  /** Between two commands of one caller. */
  readonly pauseMs?: number;
}

export interface Load {
  /** Lets every caller finish its command and gives the report. */
  stop(): Promise<LoadReport>;
  sent(): number;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly etag: string | null;
}

const NO_ANSWER_AFTER_MS = 15_000;
const GIVE_UP_AFTER_MS = 45_000;
const CUSTOMERS = 8;
const SKUS = 5;
const QUERIES = ['/orders?limit=5', '/audit?limit=5', '/menu', '/analytics/orders?from=2024-01-01&to=2033-01-01'];
const STATUSES = ['COOKING', 'COOKING', 'READY', 'READY', 'OUT_FOR_DELIVERY', 'CONFIRMED', 'DELIVERED', 'CANCELLED'];

const ON_ORDERS = [
  'confirm',
  'pay',
  'pay',
  'status',
  'status',
  'discount',
  'address',
  'address',
  'cancel',
  'refund',
  'refund',
] as const;

/** Sends a mix of commands, many of them on the same few orders, until it is stopped or has sent enough. */
export function startLoad(options: LoadOptions): Load {
  const { random, name, instances, callers = 10, mostCommands = 400, pauseMs = 10 } = options;
  const settled: LoadedCommand[] = [];
  const unexpected: string[] = [];
  const changedAnswers: string[] = [];
  const orders: string[] = [];
  /** Those that were pending lately: paths. */
  const refunds: string[] = [];
  let sent = 0;
  let retries = 0;
  let slowestMs = 0;
  let isStopping = false;
  const isOver = () => isStopping || sent >= mostCommands;
  const running = Promise.all([
    ...Array.from({ length: callers }, (_, index) => call(random.fork(`caller ${index}`))),
    query(random.fork('queries')),
  ]);

  return {
    sent: () => sent,
    async stop() {
      isStopping = true;
      await running;
      return { commands: settled, unexpected, changedAnswers, retries, slowestMs };
    },
  };

  async function call(own: Random): Promise<void> {
    while (!isOver()) {
      sent += 1;
      const command = nextCommand(own, `${name}-${sent}`);
      const outcome = await settle(command, own);
      settled.push({ command, settled: outcome });
      if (command.kind === 'place' && outcome.type === 'acknowledged') orders.push(outcome.subject);
      await delay(own.integer(0, 2 * pauseMs));
    }
  }

  /** Queries beside the commands: whatever is away, none is answered as if it were a bug. */
  async function query(own: Random): Promise<void> {
    while (!isOver()) {
      const path = own.pick([...QUERIES, ...orders.slice(-6).map((id) => `/orders/${id}`)]);
      const answer = await send(own.pick(instances()), { method: 'GET', path });
      if (answer && ![200, 404, 503].includes(answer.status)) unexpected.push(`GET ${path}: ${describe(answer)}`);
      await delay(own.integer(5, 20));
    }
  }

  function nextCommand(own: Random, mark: string): SentCommand {
    const key = own.chance(0.6) ? `key-${mark}` : undefined;
    const roll = own.next();
    if (orders.length < 3 || roll < 0.2) return { ...placing(own, mark), key };
    if (roll < 0.24) {
      const id = customer(own);
      const body = { name: mark, email: `${mark}@example.com` };
      return { mark, key, kind: 'customer', subject: id, method: 'PUT', path: `/customers/${id}`, body };
    }
    if (roll < 0.28) {
      const sku = `${name.split('-')[0] ?? name}-pizza-${own.integer(1, SKUS)}`;
      const body = { name: mark, category: 'Classic', price: `${own.integer(1, 99)}.50` };
      return { mark, key, kind: 'menu', subject: sku, method: 'PUT', path: `/menu/${sku}`, body };
    }
    const subject = own.pick(own.chance(0.7) ? orders.slice(-6) : orders);
    if (refunds.length > 0 && roll < 0.34) return { mark, key, ...onRefund(own, mark) };
    const kind = own.pick(ON_ORDERS);
    return { mark, key, kind, subject, method: 'POST', ...onOrder(own, kind, subject, mark) };
  }

  function placing(own: Random, mark: string): Omit<SentCommand, 'key'> {
    const items = [
      { name: mark, quantity: own.integer(1, 5), unitPrice: `${own.integer(10, 40)}.${own.integer(10, 99)}` },
      { name: own.pick(['Margherita', 'Funghi', 'Diavola']), quantity: 1, unitPrice: '9.50' },
    ];
    const body = { customerId: customer(own), items };
    return { mark, kind: 'place', subject: undefined, method: 'POST', path: '/orders', body };
  }

  function onRefund(own: Random, mark: string): Omit<SentCommand, 'mark' | 'key'> {
    const path = own.pick(refunds.slice(-8));
    const subject = path.split('/')[2] ?? '';
    return own.chance(0.7)
      ? { kind: 'complete', subject, method: 'POST', path: `${path}/complete`, body: { transactionId: mark } }
      : { kind: 'fail', subject, method: 'POST', path: `${path}/fail`, body: { reason: mark, final: own.chance(0.5) } };
  }

  function customer(own: Random): string {
    return `${name.split('-')[0] ?? name}-customer-${own.integer(1, CUSTOMERS)}`;
  }

  async function settle(command: SentCommand, own: Random): Promise<Settled> {
    const end = performance.now() + GIVE_UP_AFTER_MS;
    for (;;) {
      const answer = await send(own.pick(instances()), command);
      const outcome = read(command, answer);
      if (outcome.type === 'acknowledged' && isRepeatable(command) && own.chance(0.1)) {
        await compareRepeated(command, own, answer as Answer);
      }
      // Without a key nobody may send it again: it might have taken effect.
      if (outcome.type !== 'unknown' || command.key === undefined) return outcome;
      if (performance.now() > end) {
        unexpected.push(`${command.mark}: not settled in ${GIVE_UP_AFTER_MS} ms`);
        return outcome;
      }
      retries += 1;
      await delay(own.integer(50, 250));
    }
  }

  async function compareRepeated(command: SentCommand, own: Random, first: Answer): Promise<void> {
    const again = await send(own.pick(instances()), command);
    if (!again || again.status === 503) return;
    if (again.status !== first.status || again.text !== first.text || again.etag !== first.etag) {
      changedAnswers.push(`${command.mark}: ${describe(first)}, then ${describe(again)}`);
    }
  }

  function read(command: SentCommand, answer: Answer | undefined): Settled {
    if (!answer || answer.status === 503) return { type: 'unknown' };
    const { status, text, etag } = answer;
    const { kind } = command;
    const isNew = kind === 'place' || kind === 'refund';
    const wanted = isNew ? [201] : kind === 'customer' || kind === 'menu' ? [200, 201] : [200];
    if (wanted.includes(status)) {
      const body = JSON.parse(text) as Answered;
      for (const { refundId, status: open } of body.refunds ?? []) {
        if (open === 'PENDING') refunds.push(`/orders/${body.id ?? ''}/refunds/${refundId}`);
      }
      const tagged = Number(etag?.slice(1, -1));
      const revision = kind === 'menu' ? tagged : body.revision;
      if (revision !== tagged) unexpected.push(`${command.mark}: ${describe(answer)}`);
      const subject = body.id ?? command.subject ?? '';
      return { type: 'acknowledged', subject, revision: tagged, status: body.status ?? '' };
    }
    if (status === 409) return { type: 'refused' };
    unexpected.push(`${command.mark} ${command.kind}: ${describe(answer)}`);
    return { type: 'unknown' };
  }

  async function send(
    base: string,
    {
      method,
      path,
      body,
      key,
    }: { readonly method: string; readonly path: string } & Partial<Pick<SentCommand, 'body' | 'key'>>,
  ): Promise<Answer | undefined> {
    const started = performance.now();
    try {
      const response = await fetch(`${base}${path}`, {
        method,
        headers: {
          ...(body && { 'content-type': 'application/json' }),
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(NO_ANSWER_AFTER_MS),
      });
      return { status: response.status, text: await response.text(), etag: response.headers.get('etag') };
    } catch (error) {
      if (error instanceof Error && error.name === 'TimeoutError') {
        unexpected.push(`${method} ${path}: no answer in ${NO_ANSWER_AFTER_MS} ms`);
      }
      return undefined; // the connection broke
    } finally {
      slowestMs = Math.max(slowestMs, performance.now() - started);
    }
  }
}

/** A status that the order has already is a success that stores nothing, so that nothing is kept with the key. */
function isRepeatable({ key, kind }: SentCommand): boolean {
  return key !== undefined && kind !== 'status';
}

/** What is looked at of an order or a customer. */
interface Answered {
  readonly id?: string;
  readonly revision: number;
  readonly status?: string;
  readonly refunds?: readonly { readonly refundId: string; readonly status: string }[];
}

function describe({ status, text, etag }: Answer): string {
  return `${status} ${etag ?? ''} ${text}`;
}

function onOrder(
  own: Random,
  kind: (typeof ON_ORDERS)[number],
  orderId: string,
  mark: string,
): Pick<SentCommand, 'path' | 'body'> {
  const path = (action: string) => `/orders/${orderId}/${action}`;
  switch (kind) {
    case 'confirm':
      return { path: path('confirm'), body: { estimatedDeliveryTime: '2030-01-01T18:30:00Z', kitchenNotes: mark } };
    case 'pay':
      return { path: path('payment'), body: { paymentMethod: 'cash', transactionId: mark } };
    case 'status':
      return { path: path('status'), body: { status: own.pick(STATUSES), reason: mark } };
    case 'discount':
      return { path: path('discount'), body: { discountCode: mark, discountAmount: '0.01' } };
    case 'address':
      return {
        path: path('delivery-address'),
        body: { street: '1 Via Roma', city: 'Napoli', postalCode: '80100', notes: mark },
      };
    case 'cancel':
      return { path: path('cancel'), body: { reason: mark } };
    case 'refund':
      return { path: path('refunds'), body: { reason: mark, ...(own.chance(0.7) && { amount: '0.75' }) } };
  }
}
