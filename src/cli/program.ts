import { ConfigError } from '../config.ts';
import { onInterrupt } from '../interrupts.ts';

export const EXIT = { done: 0, failed: 1, usage: 2, behind: 3, interrupted: 130 } as const;

/** The command line is wrong; the message lists every mistake. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Program<Command> {
  readonly help: string;
  /**
   * @returns undefined when help is asked for
   * @throws UsageError
   */
  readonly parse: (args: readonly string[]) => Command | undefined;
  /**
   * @param signal aborted when the program is to finish what is in flight
   * @returns the exit code
   */
  readonly run: (command: Command, signal: AbortSignal) => Promise<number>;
  /** Says in a sentence what an error of `run` means. */
  readonly explain: (error: unknown) => string;
}

/** Runs a program and ends the process with its exit code. A second signal ends it at once. */
export async function runProgram<Command>(program: Program<Command>): Promise<never> {
  const interrupt = new AbortController();
  const exit = () => process.exit(EXIT.interrupted);
  const stop = () => {
    process.stderr.write('\nstopping: finishing what is in flight\n');
    interrupt.abort();
  };
  onInterrupt(stop, exit);
  // Whoever read what is said has gone, as `| head` does.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => interrupt.abort());
  process.on('SIGTERM', () => (interrupt.signal.aborted ? exit() : stop()));
  process.exit(await exitCodeOf(program, interrupt.signal)); // connections still being tried would keep the process
}

async function exitCodeOf<Command>(
  { help, parse, run, explain }: Program<Command>,
  signal: AbortSignal,
): Promise<number> {
  try {
    const command = parse(process.argv.slice(2));
    if (command) return await run(command, signal);
    process.stdout.write(help);
    return EXIT.done;
  } catch (error) {
    if (signal.aborted) return EXIT.interrupted;
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\nMore with --help.\n`);
      return EXIT.usage;
    }
    process.stderr.write(`${error instanceof ConfigError ? error.message : explain(error)}\n`);
    return EXIT.failed;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
