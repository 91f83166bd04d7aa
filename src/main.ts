import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { setFlagsFromString } from 'node:v8';
import closeWithGrace from 'close-with-grace';
import type { Logger } from 'pino';
import { accessSettings } from './access/settings.ts';
import { printable } from './cli/printable.ts';
import { type Config, ConfigError, loadConfig } from './config.ts';
import { startServers } from './servers.ts';
import { onSignals } from './signals.ts';
import { createLog } from './log.ts';

const CLOSE_WITHIN_MS = 10_000;
/** After SIGTERM it serves on for this long, while readiness tells load balancers to send nothing more. */
const DRAIN_MS = 1000;
/** Connections that the system keeps until they are taken: beyond Node's 511, a burst has some reset without an answer. */
const BACKLOG = 4096;
/** Their listeners are our own, as they may come twice. */
const REPEATED = ['SIGINT', 'SIGHUP'] as const;
/** With a listener, the process would run into the same fault again, for ever. */
const FAULTS = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const;

// With much memory at hand, V8 would let garbage grow to several times what is in use before it collects it.
setFlagsFromString('--heap-growing-percent=45');
// By chance V8 takes what a read allocates for long-lived, and then a quarter of the time goes into collecting it.
setFlagsFromString('--no-allocation-site-pretenuring');
process.noDeprecation = true; // what libraries still use is nothing to whoever runs the service
try {
  await start();
} catch (error) {
  process.stderr.write(`${printable(error instanceof ConfigError ? error.message : describeFailure(error))}\n`);
  process.exit(1); // connections still being tried would keep the process
}

async function start(): Promise<void> {
  const config = loadConfig();
  const log = await createLog(config.logLevel);
  const { unread } = config;
  if (unread.length > 0) log.warn({ names: unread }, '.env has names that are no settings of this service');
  if (config.isProduction && config.auth === 'off') log.warn('AUTH=off: whoever reaches the port may do everything');
  const closers: (() => Promise<void>)[] = [];
  let drain = () => undefined as unknown;
  let starting: Promise<void> = Promise.resolve();
  let closing: Promise<void> | undefined;
  let isBroken = false;

  // Before anything is started, so that a signal never finds the process without an ear for it.
  const options = { delay: CLOSE_WITHIN_MS, logger: log, skip: [...REPEATED, ...FAULTS] };
  const { close } = closeWithGrace(options, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'stopping after an error nobody caught');
    else log.info({ signal }, 'stopping: finishing what is in flight');
    drain();
    // What is half started cannot be closed; a failed start has been reported by then.
    await Promise.allSettled([starting, signal === 'SIGTERM' ? delay(DRAIN_MS) : undefined]);
    await closeAll();
    log.info('stopped');
    if (isBroken) process.exit(1);
  });
  onSignals(REPEATED, close, () => {
    log.error('second signal, exiting');
    process.exit(1);
  });
  const hasTerminal = [0, 1, 2].some((fd) => isatty(fd));
  if (hasTerminal) process.once('SIGHUP', () => process.once('exit', endBySighup));

  starting = open();
  try {
    await starting;
  } catch (error) {
    // To exit with an embedded server's file open would abort the process.
    await closeAll();
    throw error;
  }

  /** Once, whoever asks: the process may end when it has ended. */
  function closeAll(): Promise<void> {
    return (closing ??= closeEach());
  }

  async function closeEach(): Promise<void> {
    for (let closer = closers.pop(); closer; closer = closers.pop()) await closer();
  }

  async function open(): Promise<void> {
    // Embedded servers take as long to start as it takes to load the service, which uses this thread only.
    const [servers, { connectStores }, { createService }, tracing] = await Promise.all([
      startServers(config, log),
      import('./stores.ts'),
      import('./service.ts'),
      startTracing(config, log),
    ]);
    const stores = await connectStores(servers);
    closers.push(() => stores.close());
    if (tracing) closers.push(() => tracing.close());
    stores.failed.catch((error: unknown) => {
      log.fatal({ err: error }, 'an embedded server is gone');
      isBroken = true;
      close();
    });
    const { eventStore, mongo } = stores;
    const access = accessSettings(config, servers.issuer);
    const service = await createService({ config, eventStore, mongo, log, access, tracing });
    closers.push(() => service.close());
    drain = () => service.drain();

    const address = await service.app.listen({ port: config.port, host: config.host, backlog: BACKLOG });
    log.info({ address, docs: `${address}/docs` }, 'listening');
  }
}

/** Node itself would fault, as it gives back a terminal that is gone. */
function endBySighup(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

/** Where nothing is exported, the SDK is not even loaded. */
async function startTracing({ otlpEndpoint: endpoint, traceRatio: ratio }: Config, log: Logger) {
  if (endpoint === undefined) return undefined;
  const sdk = await import('./tracing/sdk.ts');
  return sdk.startTracing({ endpoint, ratio, log });
}

function describeFailure(error: unknown): string {
  const {
    code = '',
    syscall,
    address,
    port,
    hostname,
    message,
  } = error as Partial<NodeJS.ErrnoException & ListenError>;
  const where = `PORT ${port ?? ''} of HOST ${hostname ?? address ?? ''}`;
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `${where} is in use by another program`,
    EACCES: `${where} takes rights that this user does not have`,
    EADDRNOTAVAIL: `HOST ${address ?? ''} is no address of this machine`,
    ENOTFOUND: `HOST ${hostname ?? ''} is not known`,
  };
  const tooMany = code === 'EMFILE' ? 'too many open files: raise the limit (ulimit -n)' : undefined;
  const reason = syscall === 'listen' || syscall === 'getaddrinfo' ? reasons[code] : tooMany;
  return `The service could not start: ${reason ?? message ?? String(error)}`;
}

/** What Node's errors say of the address. */
interface ListenError {
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
}
