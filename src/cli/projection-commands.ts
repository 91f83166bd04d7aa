import { setTimeout as delay } from 'node:timers/promises';
import type { ProjectionAdmin, ProjectionStatus } from '../read-models/admin.ts';
import { READ_MODEL_NAMES } from '../read-models/index.ts';
import { percentOf } from '../read-models/rebuild/rebuild.ts';
import type { RebuildState } from '../read-models/rebuild/lease.ts';
import { EXIT, parseArguments, UsageError } from './program.ts';
import { createProgress, percentage } from './progress.ts';

export type ProjectionCommand =
  | { readonly type: 'status' | 'replay-parked' }
  | { readonly type: 'rebuild'; readonly name: string }
  | { readonly type: 'verify'; readonly name: string; readonly repair: boolean };

export const HELP = `Looks after the read models.

  npm run projections -- status                   how far each is behind the log, and how its last rebuild went
  npm run projections -- rebuild NAME             build it anew from the log; the old one serves until then
  npm run projections -- verify NAME [--repair]   compare it with the log; --repair writes what differs as it should be
  npm run projections -- replay-parked            deliver the events again that could not be projected

NAME is one of ${READ_MODEL_NAMES.join(', ')}.

The stores are those of the service (EVENTSTORE_URL, MONGODB_URL, DATA_DIR, ... in the environment or .env), which may
run meanwhile. Embedded ones are those of a service that runs on the same DATA_DIR, or else started for the command.

Exit codes
  ${EXIT.done}    done, and no difference is left
  ${EXIT.failed}    failed, or differences are left; a rebuild that was interrupted goes on when it is run again
  ${EXIT.usage}    the command line is wrong
  ${EXIT.behind}    verify found no difference, but the read model stands still behind the log
  ${EXIT.interrupted}  interrupted (Ctrl-C)
`;

/**
 * @param args what follows the program's name
 * @returns undefined when help is asked for
 * @throws UsageError
 */
export function parseCommand(args: readonly string[]): ProjectionCommand | undefined {
  const options = { repair: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } as const;
  const { values, positionals } = parseArguments(args, options, true);
  if (values.help) return undefined;
  const [type, name, ...more] = positionals;
  const takesName = type === 'rebuild' || type === 'verify';
  if (more.length > 0 || (name !== undefined && !takesName)) throw new UsageError('too many arguments');
  if (values.repair && type !== 'verify') throw new UsageError('--repair belongs to verify');
  switch (type) {
    case 'status':
    case 'replay-parked':
      return { type };
    case 'rebuild':
      return { type, name: readModelName(name) };
    case 'verify':
      return { type, name: readModelName(name), repair: values.repair };
    case undefined:
      throw new UsageError('a command is missing');
    default:
      throw new UsageError(`there is no command ${type}`);
  }
}

function readModelName(name: string | undefined): string {
  if (name !== undefined && READ_MODEL_NAMES.includes(name)) return name;
  throw new UsageError(`NAME must be one of ${READ_MODEL_NAMES.join(', ')}`);
}

export interface CommandRun {
  readonly admin: ProjectionAdmin;
  readonly out: NodeJS.WriteStream | NodeJS.WritableStream;
}

/** @returns the exit code */
export async function runCommand(command: ProjectionCommand, run: CommandRun): Promise<number> {
  switch (command.type) {
    case 'status':
      run.out.write(table(await run.admin.status()));
      return EXIT.done;
    case 'rebuild':
      return rebuild(command.name, run);
    case 'verify':
      return verify(command.name, command.repair, run);
    case 'replay-parked':
      return replayParked(run);
    default:
      return command satisfies never;
  }
}

async function rebuild(name: string, { admin, out }: CommandRun): Promise<number> {
  const { finished } = await admin.rebuild(name);
  await shown(name, finished, { admin, out });
  return EXIT.done;
}

/** Shows how far a rebuild of this process is until it ends. */
async function shown(name: string, finished: Promise<RebuildState>, { admin, out }: CommandRun): Promise<void> {
  const progress = createProgress(out, percentage(`rebuilding ${name}`));
  const ended = finished.then(
    () => true,
    () => true,
  );
  try {
    while (!(await Promise.race([ended, delay(LOOK_EVERY_MS, false)]))) {
      const state = (await admin.rebuildStates()).get(name);
      if (state) progress.update(percentOf(state));
    }
    const { events } = await finished;
    progress.update(100);
    progress.stop();
    out.write(`${name}: rebuilt from ${events} events\n`);
  } finally {
    progress.stop();
  }
}

async function verify(name: string, repair: boolean, { admin, out }: CommandRun): Promise<number> {
  const progress = createProgress(out, percentage(`verifying ${name}`));
  const result = await admin
    .verify(name, { repair, onProgress: (share) => progress.update(Math.floor(share * 100)) })
    .then((verified) => {
      progress.update(100);
      return verified;
    })
    .finally(() => progress.stop());
  const { listed, differences, checked, repaired, behind } = result;
  for (const { id, kind, fields } of listed) {
    out.write(`${name} ${id}: ${kind}${fields.length > 0 ? ` (${fields.join(', ')})` : ''}\n`);
  }
  if (differences > listed.length) out.write(`… and ${differences - listed.length} more\n`);
  out.write(`${name}: ${checked} documents checked, ${differences} differences, ${repaired} repaired\n`);
  if (behind) {
    const { documents, events, position, head } = behind;
    const where = `${events} events behind, at position ${position ?? 'none'} of ${head}`;
    out.write(`${name}: ${documents} documents are not up to date yet: the read model stands still ${where}\n`);
  }
  if (differences > repaired) return EXIT.failed;
  return behind ? EXIT.behind : EXIT.done;
}

async function replayParked({ admin, out }: CommandRun): Promise<number> {
  const { replayed } = await admin.replayParked();
  out.write(`${replayed} parked events are delivered again\n`);
  return EXIT.done;
}

const LOOK_EVERY_MS = 200;

function table(statuses: readonly ProjectionStatus[]): string {
  const rows = [
    ['read model', 'state', 'position', 'lag', 'seconds', 'in flight', 'parked', 'stalled', 'last rebuild'],
    ...statuses.map(({ name, state, position, lag, inFlight, parked, stalled, rebuild: last }) => [
      name,
      state,
      String(position ?? '-'),
      String(lag.events),
      lag.seconds.toFixed(1),
      String(inFlight),
      String(parked),
      String(stalled),
      last ? `${last.state} (${last.percent}%${last.error === null ? '' : `, ${last.error}`})` : '-',
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
