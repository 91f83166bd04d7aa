import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { until } from '../support/until.ts';

export interface DrillOptions {
  readonly eventStoreUrl: string;
  readonly mongoUrl: string;
  /** Faults, one after the other; each ends with both stores there again. */
  readonly faults: readonly (() => Promise<void>)[];
}

export interface DrillResult {
  readonly answered: number;
  /** Orders answered 201 that cannot be read, or not as answered, after all faults. */
  readonly lost: readonly string[];
  /** Requests whose repetition made another order. */
  readonly duplicated: readonly string[];
}

const WRITERS = 8;

/**
 * Runs the built service as a process of its own and places orders without pause while its stores fail. Each request
 * has an idempotency key and is repeated until it is answered 201; afterwards every order must be there, once.
 */
export async function drill({ eventStoreUrl, mongoUrl, faults }: DrillOptions): Promise<DrillResult> {
  const name = `drill${randomUUID().slice(0, 8)}`;
  const service = await startService({
    EVENTSTORE_URL: eventStoreUrl,
    MONGODB_URL: mongoUrl,
    MONGODB_DATABASE: name,
    CONSUMER_GROUP: name,
    STREAM_PREFIX: `${name}-`,
  });
  try {
    const answered = new Map<string, string>();
    let isOver = false;
    const write = async () => {
      while (!isOver) {
        const key = randomUUID();
        answered.set(key, await until(`${key} is answered 201`, () => place(service.url, key), 120_000));
      }
    };
    const writers = Array.from({ length: WRITERS }, write);
    try {
      for (const fault of faults) {
        await fault();
        await until('the service is ready again', () => isReady(service.url), 60_000);
      }
    } finally {
      isOver = true;
      await Promise.allSettled(writers);
    }
    await Promise.all(writers);
    const lost: string[] = [];
    const duplicated: string[] = [];
    for (const [key, orderId] of answered) {
      const read = await fetch(`${service.url}/orders/${orderId}?minRevision=0`);
      const order = (await read.json()) as { customerId?: string; revision?: number };
      if (!read.ok || order.customerId !== key || order.revision !== 0) lost.push(orderId);
      if ((await place(service.url, key)) !== orderId) duplicated.push(orderId);
    }
    return { answered: answered.size, lost, duplicated };
  } finally {
    await service.stop();
  }
}

/** The id of the order, or undefined where the answer is not 201. */
async function place(url: string, key: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ customerId: key, items: [{ name: 'Margherita', quantity: 2, unitPrice: '12.50' }] }),
      signal: AbortSignal.timeout(10_000),
    });
    const body = (await response.json()) as { id: string };
    return response.status === 201 ? body.id : undefined;
  } catch {
    return undefined; // no answer: repeated with the same key
  }
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/ready`).catch(() => undefined);
  return response?.ok === true;
}

async function startService(env: Record<string, string>) {
  const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', AUTH: 'off', PORT: '0', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    if (output.length < 100_000) output += chunk.toString();
  });
  const url = await until('the service listens', () => /"address":"(http:[^"]+)"/.exec(output)?.[1], 30_000);
  await until('the service is ready', () => isReady(url), 60_000);
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      const code = await exited;
      if (code !== 0) throw new Error(`the service ended with code ${String(code)}`);
    },
  };
}
