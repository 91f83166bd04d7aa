import { existsSync } from 'node:fs';
import { CATEGORIES } from './domain/categories.ts';

export type Config = ReturnType<typeof parseConfig>;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Reads `.env` when there is one; what the environment already says wins. */
export function loadConfig(): Config {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return parseConfig(process.env);
}

/**
 * @throws ConfigError that lists every mistake at once
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>) {
  const mistakes: string[] = [];

  const text = (name: string) => {
    const value = env[name]?.trim();
    return value === '' ? undefined : value;
  };
  const checked = <T>(name: string, fallback: T, read: (value: string) => T | undefined, expected: string): T => {
    const value = text(name);
    if (value === undefined) return fallback;
    const result = read(value);
    // A URL put into the wrong variable may hold a password: nothing like one is repeated.
    const shown = /[@:/]/.test(value) ? '' : `, not "${value}"`;
    if (result === undefined) mistakes.push(`${name} must be ${expected}${shown}`);
    return result ?? fallback;
  };
  const integer = <T>(name: string, fallback: T, least: number, most: number) =>
    checked<number | T>(
      name,
      fallback,
      (value) =>
        /^\d{1,9}$/.test(value) && Number(value) >= least && Number(value) <= most ? Number(value) : undefined,
      `a whole number from ${least} to ${most}`,
    );
  const url = (name: string, mistakeIn: (value: string) => string | undefined) => {
    const value = text(name);
    const mistake = value === undefined ? undefined : mistakeIn(value);
    if (mistake !== undefined) mistakes.push(`${name} ${mistake}`);
    return value;
  };
  const pattern = (name: string, fallback: string, allowed: RegExp, expected: string) =>
    checked(name, fallback, (value) => (allowed.test(value) ? value : undefined), expected);

  const config = {
    isProduction: text('NODE_ENV') === 'production',
    port: integer('PORT', 3000, 0, 65_535),
    host: text('HOST') ?? '127.0.0.1',
    /** Unset: the embedded server is started. */
    eventStoreUrl: url('EVENTSTORE_URL', mistakeInEventStoreUrl),
    mongoUrl: url('MONGODB_URL', mistakeInMongoUrl),
    mongoDatabase: pattern(
      'MONGODB_DATABASE',
      'mario_pizzeria',
      /^[\w-]{1,60}$/,
      'a database name of letters, digits, _ and -',
    ),
    consumerGroup: pattern(
      'CONSUMER_GROUP',
      'pizzeria-api-v1',
      /^[\w.-]{1,100}$/,
      'a name of letters, digits, ., _ and -',
    ),
    streamPrefix: pattern(
      'STREAM_PREFIX',
      '',
      new RegExp(`^(?!.*(?:${CATEGORIES.join('|')})-$)[A-Za-z][\\w.]{0,50}-$`),
      'letters, digits, . and _, ending in - but not in a category of streams',
    ),
    dataDir: text('DATA_DIR') ?? './data',
    currency: pattern('CURRENCY', 'USD', /^[A-Z]{3}$/, 'an ISO 4217 code such as USD'),
    snapshotEvery: integer('SNAPSHOT_EVERY', 100, 1, 1_000_000),
    logLevel: checked(
      'LOG_LEVEL',
      'info',
      (value) => LOG_LEVELS.find((level) => level === value),
      `one of ${LOG_LEVELS.join(', ')}`,
    ),
    embeddedEventStorePort: integer('EMBEDDED_EVENTSTORE_PORT', 0, 0, 65_535),
    embeddedMongoPort: integer('EMBEDDED_MONGODB_PORT', 0, 0, 65_535),
    /** Requests per minute and client; undefined: no limit. */
    rateLimitPerMinute: integer('RATE_LIMIT_PER_MINUTE', undefined, 1, 1_000_000),
    /** Requests in flight before new ones are answered 503. */
    maxInFlight: integer('MAX_IN_FLIGHT', 400, 1, 100_000),
    /** Event streams open before new ones are answered 503; they don't count as requests in flight. */
    maxStreams: integer('MAX_STREAMS', 500, 1, 100_000),
  } as const;
  if (config.isProduction) {
    if (config.eventStoreUrl === undefined) mistakes.push('EVENTSTORE_URL is required when NODE_ENV=production');
    if (config.mongoUrl === undefined) mistakes.push('MONGODB_URL is required when NODE_ENV=production');
  }
  if (mistakes.length > 0) throw new ConfigError(`The configuration has mistakes:\n  ${mistakes.join('\n  ')}`);
  return config;
}

/** What db-client 6.2 knows; it prints a connection string with an option that it does not, password included. */
const EVENTSTORE_OPTIONS: ReadonlySet<string> = new Set([
  'usercertfile',
  'userkeyfile',
  'maxdiscoverattempts',
  'connectionname',
  'defaultdeadline',
  'discoveryinterval',
  'gossiptimeout',
  'nodepreference',
  'tls',
  'tlsverifycert',
  'tlscafile',
  'keepaliveinterval',
  'keepalivetimeout',
]);
const EVENTSTORE_URL =
  /^esdb(?:\+discover)?:\/\/(?:[^\s:@/?]+:[^\s:@/?]+@)?[\w.-]+(?::\d{1,5})?(?:,[\w.-]+(?::\d{1,5})?)*\/?(?:\?([^\s?]*))?$/;

/** Says what is wrong without repeating the value, which may hold a password. */
function mistakeInEventStoreUrl(url: string): string | undefined {
  const match = EVENTSTORE_URL.exec(url);
  if (!match) {
    return 'must be esdb://[user:password@]host:port[?option=value&…] or esdb+discover://…, with user and password percent-encoded';
  }
  for (const pair of (match[1] ?? '').split('&').filter((text) => text !== '')) {
    const [name = '', value = ''] = pair.split('=', 2);
    const option = name.toLowerCase().replaceAll(/[_-]/g, '');
    if (!EVENTSTORE_OPTIONS.has(option)) return `has an option that is not known: ${name}`;
    if (value === '') return `has an option without a value: ${name}`;
    if (option === 'tlsverifycert' && value !== 'true')
      return 'cannot switch tlsVerifyCert off: name the authority in tlsCaFile';
  }
  return undefined;
}

const MONGODB_URL = /^mongodb(?:\+srv)?:\/\/(?:[^\s:@/?]+(?::[^\s:@/?]*)?@)?[^\s@/?]+(?:\/[^\s@?]*)?(?:\?\S*)?$/;

function mistakeInMongoUrl(url: string): string | undefined {
  if (!MONGODB_URL.test(url)) {
    return 'must be mongodb://[user:password@]host:port[/?option=value&…] or mongodb+srv://…, with user and password percent-encoded';
  }
  return undefined;
}
