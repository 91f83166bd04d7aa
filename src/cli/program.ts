import { setImmediate as turn } from 'node:timers/promises';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import { onSignals } from '../signals.ts';
import { printable } from './printable.ts';

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

/**
 * Runs a program and ends the process with its exit code. A second signal ends it at once. What cannot be said is a
 * failure.
 */
export async function runProgram<Command>(program: Program<Command>): Promise<never> {
  process.noDeprecation = true; // what libraries still use is nothing to whoever runs this
  const interrupt = new AbortController();
  const exit = () => process.exit(EXIT.interrupted);
  const stop = () => {
    process.stderr.write('\nstopping: finishing what is in flight\n');
    interrupt.abort();
  };
  onSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], stop, exit);
  let unsaid: Error | undefined;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Whoever read what is said may have gone, as `| head` does.
      if (error.code !== 'EPIPE') unsaid ??= error;
      interrupt.abort();
    });
  }
  const exitCode = await exitCodeOf(program, interrupt.signal);
  await turn(); // until then, the last write may fail
  if (unsaid) process.stderr.write(`The output cannot be written: ${unsaid.message}\n`);
  process.exit(unsaid ? EXIT.failed : exitCode); // connections still being tried would keep the process
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
      say(`${error.message}\nMore with --help.`);
      return EXIT.usage;
    }
    say(error instanceof ConfigError ? error.message : explain(error));
    return EXIT.failed;
  }
}

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

/**
 * @param args what follows the program's name
 * @throws UsageError for what is no option, lacks its value, is too much, or stands twice with two values
 */
export function parseArguments<Options extends OptionsConfig>(
  args: readonly string[],
  options: Options,
  allowPositionals = false,
) {
  const { values, positionals, tokens } = parsedArguments(args, options, allowPositionals);
  const given = new Map<string, string | undefined>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, value } = token;
    if (given.has(name) && given.get(name) !== value) throw new UsageError(`--${name} is given twice`);
    given.set(name, value);
  }
  return { values, positionals };
}

function parsedArguments<Options extends OptionsConfig>(
  args: readonly string[],
  options: Options,
  allowPositionals: boolean,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals, tokens: true });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/** @throws ConfigError */
export function configOf(): Config {
  const { unread, ...config } = loadConfig();
  if (unread.length > 0) say(`.env has names that are no settings of this service: ${unread.join(', ')}`);
  return config;
}

/** What somebody else has written may hold what a terminal takes for commands. */
function say(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

/** With what it came of, where that says more. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error && !message.includes(cause.message) ? `${message}: ${messageOf(cause)}` : message;
}
