/**
 * What watching costs: many streams on the kitchen's board while commands arrive at a fixed rate. Measures how long it
 * takes from a command's answer until the last reader has the change, what the commands' own latency becomes, and the
 * memory of the service. Ends with 1 when a target is missed.
 *
 * `npm run bench:live -- --minutes 10 --deaf 50` keeps on for that long, with so many readers that read nothing.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CONFIRM_BODY, PAY_BODY, PLACE_BODY } from './fill.ts';
import type { Process } from './processes.ts';
import { quantile } from './statistics.ts';
import { openStores } from './stores.ts';
import { startLoader, startService } from './subjects.ts';
import type { WatchJob, WatchResult } from './watchers.ts';

const STREAMS = 500;
const COMMANDS_PER_SECOND = 300;
const WARM_UP_SECONDS = 5;
const TARGETS = { p50Ms: 50, p99Ms: 250, residentMb: 350, share: 0.8 };
const READ_WITHIN_MS = 10_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '0.5' }, deaf: { type: 'string', default: '0' } },
});
const seconds = Number(values.minutes) * 60;

const dir = mkdtempSync(join(tmpdir(), 'pizzeria-live-'));
const stores = await openStores(dir);
const service = await startService({ stores, database: stores.newDatabase(), group: stores.newGroup(), dir });
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
try {
  await sendCommands(WARM_UP_SECONDS);
  const alone = await sendCommands(Math.min(seconds, 30));
  const watchers = startLoader('watchers.js', dir);
  const job: WatchJob = { port: Number(new URL(service.url).port), streams: STREAMS, deaf: Number(values.deaf) };
  await watchers.ask(job);
  const memory = sampleMemory();
  const watched = await sendCommands(seconds);
  const { residentMb } = memory.stop();
  const result = await resultOf(watchers, watched.answeredAt);
  await watchers.stop();
  if (!report(alone, watched, residentMb, result)) process.exitCode = 1;
} finally {
  agent.destroy();
  await service.process.stop();
  await stores.close();
  rmSync(dir, { recursive: true, force: true });
}
process.exit();

interface Sent {
  /** Milliseconds since 1970, by the order's id and revision. */
  readonly answeredAt: ReadonlyMap<string, number>;
  readonly perSecond: number;
  readonly failed: number;
  /** Of the service, for each command answered. */
  readonly cpuMs: number;
}

/** Sends commands at the rate, whatever the answers do: each order is placed, confirmed and paid. */
async function sendCommands(forSeconds: number): Promise<Sent> {
  const answeredAt = new Map<string, number>();
  const next: { readonly path: string; readonly body: object }[] = [];
  let failed = 0;
  const started = performance.now();
  const cpuBefore = service.process.usage()?.cpuMs ?? Number.NaN;
  const sending: Promise<void>[] = [];
  for (let due = 0; performance.now() - started < forSeconds * 1000;) {
    const now = ((performance.now() - started) / 1000) * COMMANDS_PER_SECOND;
    for (; due < now; due += 1) {
      const { path, body } = next.shift() ?? { path: '/orders', body: PLACE_BODY };
      sending.push(send(path, body));
    }
    await delay(2);
  }
  const took = (performance.now() - started) / 1000;
  const inTime = answeredAt.size;
  await Promise.all(sending);
  const cpuMs = (service.process.usage()?.cpuMs ?? Number.NaN) - cpuBefore;
  return { answeredAt, perSecond: inTime / took, failed, cpuMs: cpuMs / answeredAt.size };

  async function send(path: string, body: object): Promise<void> {
    const answer = await post(path, body);
    if (!answer) return void (failed += 1);
    const { id, revision } = answer;
    answeredAt.set(`${id} ${revision}`, performance.timeOrigin + performance.now());
    if (revision === 0) next.push({ path: `/orders/${id}/confirm`, body: CONFIRM_BODY });
    if (revision === 1) next.push({ path: `/orders/${id}/payment`, body: PAY_BODY });
  }
}

function post(path: string, body: object): Promise<{ id: string; revision: number } | undefined> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(`${service.url}${path}`, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const isDone = response.statusCode === 200 || response.statusCode === 201;
        resolve(isDone ? (JSON.parse(text) as { id: string; revision: number }) : undefined);
      });
    });
    sent.on('error', () => resolve(undefined));
    sent.end(JSON.stringify(body));
  });
}

function sampleMemory(): { stop(): { residentMb: readonly number[] } } {
  const residentMb: number[] = [];
  const timer = setInterval(() => {
    const usage = service.process.usage();
    if (usage) residentMb.push(usage.residentMb);
  }, 1000);
  return {
    stop() {
      clearInterval(timer);
      return { residentMb };
    },
  };
}

async function resultOf(watchers: Process, answeredAt: ReadonlyMap<string, number>): Promise<WatchResult> {
  const end = performance.now() + READ_WITHIN_MS;
  for (;;) {
    const result = await watchers.ask<WatchResult>('result');
    const isComplete = [...answeredAt.keys()].every((change) => result.seenByAll[change] !== undefined);
    if (isComplete || performance.now() > end) return result;
    await delay(200);
  }
}

function report(alone: Sent, watched: Sent, residentMb: readonly number[], result: WatchResult): boolean {
  const delays = [...watched.answeredAt].flatMap(([change, at]) => {
    const seenAt = result.seenByAll[change];
    return seenAt === undefined ? [] : [Math.max(0, seenAt - at)];
  });
  const sorted = delays.sort((one, other) => one - other);
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)];
  const missing = watched.answeredAt.size - delays.length;
  const share = watched.perSecond / alone.perSecond;
  const most = Math.max(...residentMb);
  const tenth = Math.ceil(residentMb.length / 10);
  const tenths = Array.from({ length: Math.ceil(residentMb.length / tenth) }, (_, index) => {
    const some = residentMb.slice(index * tenth, (index + 1) * tenth);
    return (some.reduce((sum, value) => sum + value, 0) / some.length).toFixed(0);
  });
  console.log(
    `${STREAMS} streams, ${values.deaf} of them deaf: ${watched.answeredAt.size} changes, ${missing} not seen by all;`,
    `from the answer to the last reader p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
    `(targets ${TARGETS.p50Ms}, ${TARGETS.p99Ms}); ${result.megabytes.toFixed(0)} MB read, ${result.resets} resets`,
  );
  console.log(
    `commands ${watched.perSecond.toFixed(0)}/s, ${share.toFixed(2)} of those without watchers (target ${TARGETS.share}),`,
    `${watched.failed} failed; the service took ${watched.cpuMs.toFixed(2)} ms of CPU time per command, without watchers`,
    `${alone.cpuMs.toFixed(2)}, at most ${most.toFixed(0)} MB (target ${TARGETS.residentMb}),`,
    `in the tenths of the time ${tenths.join(', ')}`,
  );
  return (
    missing === 0 && p50 < TARGETS.p50Ms && p99 < TARGETS.p99Ms && most < TARGETS.residentMb && share >= TARGETS.share
  );
}
