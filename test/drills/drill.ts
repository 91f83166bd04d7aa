import { setTimeout as delay } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import { groupName } from '../support/group.ts';
import { until } from '../support/until.ts';
import { checkPromises, checkReadModels, verifyReadModels } from './check.ts';
import type { DrillFault } from './faults.ts';
import { readHistory } from './history.ts';
import { type LoadedCommand, startLoad } from './load.ts';
import { createRandom, type Random } from './random.ts';
import { startWatchers, type Watchers } from './watchers.ts';
import { createWorld, type ServiceProcess, type World } from './world.ts';

/** What the rounds have shown; every list is empty when the service keeps its promises. */
export interface DrillReport {
  readonly seed: number;
  readonly rounds: number;
  readonly commands: number;
  readonly acknowledged: number;
  readonly retries: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly slowestReadyMs: number;
  readonly slowestAnswerMs: number;
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  readonly differing: readonly string[];
  /** Histories that no commands can lead to, refusals that took effect, answers that changed or make no sense. */
  readonly impossible: readonly string[];
  /** Not ready in time, ended by itself, or events parked. */
  readonly unwell: readonly string[];
}

export interface DrillOptions {
  readonly seed: number;
  /** The faults of each round; several ones run at once. */
  readonly rounds: readonly (readonly DrillFault[])[];
  readonly callers?: number;
  readonly commandsPerRound?: number;
}

const READY_WITHIN_MS = 10_000;
const LEAST_COMMANDS = 100;
/** Screens that watch the kitchen's board through all rounds. */
const WATCHERS = 6;

/** Runs the service under load through round after round of faults, and checks all it has promised after each. */
export async function runDrill(options: DrillOptions): Promise<DrillReport> {
  const { seed, rounds } = options;
  console.log(`drill: seed ${seed} (DRILLS_SEED repeats it), ${rounds.length} rounds`);
  const random = createRandom(seed);
  const world = await createWorld({ instances: 2 });
  const watchers = startWatchers(WATCHERS, () => world.services.map((service) => service.url('')));
  try {
    await Promise.all(world.services.map((service) => readyAfter(service, 30_000)));
    const results: RoundResult[] = [];
    const commands: LoadedCommand[] = [];
    for (const [index, faults] of rounds.entries()) {
      const name = faults.map((fault) => fault.name).join(' + ');
      const result = await runRound(world, options, faults, random.fork(`round ${index}`), index, commands, watchers);
      results.push(result);
      console.log(describeRound(index, name, result));
      if (problemsOf(result).length > 0) break; // what comes after it would only hide it
    }
    const report = summarize(seed, rounds.slice(0, results.length), results, commands);
    console.log(describeReport(report));
    return report;
  } finally {
    await watchers.stop();
    await world.close();
  }
}

interface RoundResult {
  readonly sent: number;
  readonly retries: number;
  readonly readyMs: number;
  readonly slowestMs: number;
  readonly lost: readonly string[];
  readonly duplicated: readonly string[];
  readonly differing: readonly string[];
  readonly impossible: readonly string[];
  readonly unwell: readonly string[];
}

/** @param commands those of the rounds before, which must still hold; this round's are added */
async function runRound(
  world: World,
  { callers = 8, commandsPerRound = 300 }: DrillOptions,
  faults: readonly DrillFault[],
  random: Random,
  index: number,
  commands: LoadedCommand[],
  watchers: Watchers,
): Promise<RoundResult> {
  const load = startLoad({
    name: `drill-${index}`,
    random: random.fork('load'),
    instances: () => world.services.map((service) => service.url('')),
    callers,
    mostCommands: commandsPerRound,
  });
  await delay(random.integer(200, 700)); // so that the fault meets work under way
  await Promise.all(faults.map((fault) => fault.run(world, random.fork(fault.name))));
  const ready = await Promise.all(world.services.map((service) => readyAfter(service, READY_WITHIN_MS)));
  const isEnough = performance.now() + 4000;
  await until('enough commands were sent', () => load.sent() >= LEAST_COMMANDS || performance.now() > isEnough);
  const { commands: sent, unexpected, changedAnswers, retries, slowestMs } = await load.stop();
  commands.push(...sent);

  const log = await readHistory(world.eventStoreUrl());
  const { lost, duplicated, contradicted } = checkPromises(log, commands);
  const differing = [
    ...(await checkReadModels(log, world.mongoUrl())),
    ...(await verifyReadModels(log, world.services[index % world.services.length])),
    ...(await watchers.check(log)),
  ];
  const parked = await parkedMessages(world);
  return {
    sent: sent.length,
    retries,
    readyMs: Math.max(...ready.map((ms) => ms ?? READY_WITHIN_MS)),
    slowestMs,
    lost,
    duplicated,
    differing,
    impossible: [...log.impossible, ...contradicted, ...unexpected, ...changedAnswers],
    unwell: [
      ...world.services.flatMap((service, at) =>
        ready[at] === undefined ? [`${service.name} was not ready in ${READY_WITHIN_MS} ms`] : [],
      ),
      ...[...world.services, world.eventStore, world.mongo].flatMap((each) => {
        const exit = each.process().exit();
        return exit === undefined ? [] : [`${each.name} ended by itself with ${exit}`];
      }),
      ...(parked > 0 ? [`${parked} events parked`] : []),
    ],
  };
}

/** Milliseconds until `/health/ready` says so; undefined when it does not in time. */
export async function readyAfter(service: ServiceProcess, withinMs = 120_000): Promise<number | undefined> {
  const started = performance.now();
  for (;;) {
    const took = performance.now() - started;
    if (await isReady(service)) return took;
    if (took > withinMs) return undefined;
    await delay(50);
  }
}

async function isReady(service: ServiceProcess): Promise<boolean> {
  try {
    const response = await fetch(service.url('/health/ready'), { signal: AbortSignal.timeout(3000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function parkedMessages(world: World): Promise<number> {
  const client = EventStoreDBClient.connectionString(world.eventStoreUrl());
  try {
    const { stats } = await client.getPersistentSubscriptionToAllInfo(groupName());
    return Number(stats.parkedMessageCount);
  } finally {
    await client.dispose();
  }
}

function problemsOf({ lost, duplicated, differing, impossible, unwell }: Omit<RoundResult, 'sent'>): string[] {
  return [...lost, ...duplicated, ...differing, ...impossible, ...unwell];
}

function summarize(
  seed: number,
  rounds: readonly (readonly DrillFault[])[],
  results: readonly RoundResult[],
  commands: readonly LoadedCommand[],
): DrillReport {
  const faults: Record<string, number> = {};
  for (const { name } of rounds.flat()) faults[name] = (faults[name] ?? 0) + 1;
  const all = (list: (result: RoundResult) => readonly string[]) => results.flatMap(list);
  const most = (value: (result: RoundResult) => number) => Math.round(Math.max(0, ...results.map(value)));
  return {
    seed,
    rounds: results.length,
    commands: commands.length,
    acknowledged: commands.filter(({ settled }) => settled.type === 'acknowledged').length,
    retries: results.reduce((sum, result) => sum + result.retries, 0),
    faults,
    slowestReadyMs: most(({ readyMs }) => readyMs),
    slowestAnswerMs: most(({ slowestMs }) => slowestMs),
    lost: all(({ lost }) => lost),
    duplicated: all(({ duplicated }) => duplicated),
    differing: all(({ differing }) => differing),
    impossible: all(({ impossible }) => impossible),
    unwell: all(({ unwell }) => unwell),
  };
}

function describeRound(index: number, name: string, result: RoundResult): string {
  const { sent, retries, readyMs, slowestMs } = result;
  const problems = problemsOf(result);
  const verdict = problems.length === 0 ? 'all kept' : `BROKEN\n  ${problems.slice(0, 20).join('\n  ')}`;
  const times = `ready after ${Math.round(readyMs)} ms, slowest answer ${Math.round(slowestMs)} ms`;
  return `round ${index + 1}: ${name}: ${sent} commands, ${retries} retries, ${times}: ${verdict}`;
}

function describeReport(report: DrillReport): string {
  const faults = Object.entries(report.faults).map(([name, count]) => `${name} ×${count}`);
  return [
    `rounds ${report.rounds}, commands ${report.commands} (${report.acknowledged} acknowledged, ${report.retries} retries)`,
    `faults ${faults.length} kinds: ${faults.join(', ')}`,
    `slowest: ready after ${report.slowestReadyMs} ms, answer after ${report.slowestAnswerMs} ms`,
    `lost ${report.lost.length}, duplicated ${report.duplicated.length}, differing ${report.differing.length}`,
  ].join('\n');
}
