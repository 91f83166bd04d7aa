import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { mistakeInEventStoreUrl, mistakeInMongoUrl } from './connection-strings.ts';
import { CATEGORIES } from './domain/categories.ts';
import { EnvFileError, readEnvFile } from './env-file.ts';

export type Config = ReturnType<typeof parseConfig>;

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const ENVIRONMENTS = ['development', 'test', 'production'] as const;
const AUTH_MODES = ['off', 'dev', 'oidc'] as const;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/**
 * Reads `.env` when there is one; what the environment already says wins.
 *
 * @returns also the names in `.env` that nothing here reads: docker compose may, or somebody has mistaken a name
 * @throws ConfigError
 */
export function loadConfig(): Config & { readonly unread: readonly string[] } {
  const known = namesOfVariables();
  try {
    const values = readEnvFile('.env', known);
    for (const [name, value] of Object.entries(values)) {
      if (!process.env[name]?.trim()) process.env[name] = value;
    }
    // In what is no setting at all, anything before the first = would be one: nothing like a value is repeated.
    const isName = (name: string) => /^[A-Z][A-Z\d_]*$/.test(name) && !name.startsWith('OTEL_');
    const unread = Object.keys(values).filter((name) => isName(name) && !known.has(name));
    return { ...parseConfig(process.env), unread };
  } catch (error) {
    if (error instanceof EnvFileError) throw new ConfigError(error.message, { cause: error });
    throw error;
  }
}

/** The names that `parseConfig` looks at. */
export function namesOfVariables(): ReadonlySet<string> {
  const names = new Set<string>();
  parseConfig(new Proxy<Record<string, string>>({}, { get: (_, name) => void names.add(String(name)) }));
  return names;
}

/**
 * A path of a command line, seen from where its user is: npm runs its scripts in the package's folder.
 *
 * @param script the name by which npm runs the program; what another script starts has the folder that it was given
 */
export function pathFromUser(path: string, script: string): string {
  const { npm_lifecycle_event: running, INIT_CWD: from = '' } = process.env;
  return running !== script || from === process.cwd() ? path : resolve(from, path);
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
    const shown = /[@:/]/.test(value) ? '' : `, not ${JSON.stringify(value)}`;
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
  /** What is wrong is said without the value. */
  const secret = (name: string, mistakeIn: (value: string) => string | undefined) => {
    const value = text(name);
    const mistake = value === undefined ? undefined : mistakeIn(value);
    if (mistake !== undefined) mistakes.push(`${name} ${mistake}`);
    return value;
  };
  const required = (name: string, why: string) => {
    if (text(name) === undefined) mistakes.push(`${name} is required ${why}`);
  };
  const pattern = (name: string, fallback: string, allowed: RegExp, expected: string) =>
    checked(name, fallback, (value) => (allowed.test(value) ? value : undefined), expected);

  const environment = checked(
    'NODE_ENV',
    'development',
    (value) => ENVIRONMENTS.find((name) => name === value.toLowerCase()),
    `one of ${ENVIRONMENTS.join(', ')}`,
  );
  const isProduction = environment === 'production';

  const config = {
    isProduction,
    port: integer('PORT', 3000, 0, 65_535),
    host: pattern('HOST', '127.0.0.1', /^[\w.:%-]{1,253}$/, 'a name or an address of this machine'),
    /** Unset: the embedded server is started. */
    eventStoreUrl: secret('EVENTSTORE_URL', mistakeInEventStoreUrl),
    mongoUrl: secret('MONGODB_URL', mistakeInMongoUrl),
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
    dataDir: pattern(
      'DATA_DIR',
      './data',
      /^(?!~)(?!.*\$\{)\P{C}+$/u,
      'a path that is written out, without ~ or ${…}, and without invisible characters',
    ),
    /** Who may come in: off asks nobody, dev has an issuer of its own, oidc trusts a real one. */
    auth: checked(
      'AUTH',
      'off',
      (value) => AUTH_MODES.find((mode) => mode === value),
      `one of ${AUTH_MODES.join(', ')}`,
    ),
    oidcIssuer: secret('OIDC_ISSUER', (value) => mistakeInIssuer(value, isProduction)),
    oidcAudience: text('OIDC_AUDIENCE'),
    oidcRolesClaim: pattern('OIDC_ROLES_CLAIM', '/roles', JSON_POINTER, 'a JSON pointer such as /realm_access/roles'),
    oidcCustomerClaim: pattern('OIDC_CUSTOMER_CLAIM', '/sub', JSON_POINTER, 'a JSON pointer such as /sub'),
    oidcClientId: text('OIDC_CLIENT_ID'),
    oidcClientSecret: text('OIDC_CLIENT_SECRET'),
    sessionKey: secret('SESSION_KEY', mistakeInSessionKey),
    currency: pattern('CURRENCY', 'USD', /^[A-Z]{3}$/, 'an ISO 4217 code such as USD'),
    snapshotEvery: integer('SNAPSHOT_EVERY', 100, 1, 1_000_000),
    /** Types of events that are not written yet, because other instances can't read them; undefined: none. */
    withheldEvents: checked<readonly string[] | undefined>(
      'WITHHOLD_EVENTS',
      undefined,
      (value) => (/^\w+(?:, *\w+)*$/.test(value) ? value.split(/, */) : undefined),
      'names of event types, separated by commas',
    ),
    logLevel: checked(
      'LOG_LEVEL',
      'info',
      (value) => LOG_LEVELS.find((level) => level === value),
      `one of ${LOG_LEVELS.join(', ')}`,
    ),
    /** Where spans are sent by OTLP over HTTP; undefined: nothing is traced. */
    otlpEndpoint: secret('OTEL_EXPORTER_OTLP_ENDPOINT', mistakeInOtlpEndpoint),
    /** Share of the traces that is kept, where the caller doesn't say. */
    traceRatio: checked(
      'OTEL_TRACES_SAMPLER_ARG',
      1,
      (value) => (/^\d(?:\.\d{1,9})?$/.test(value) && Number(value) <= 1 ? Number(value) : undefined),
      'a number from 0 to 1',
    ),
    embeddedEventStorePort: integer('EMBEDDED_EVENTSTORE_PORT', 0, 0, 65_535),
    embeddedMongoPort: integer('EMBEDDED_MONGODB_PORT', 0, 0, 65_535),
    /** Requests per minute and client; undefined: no limit. */
    rateLimitPerMinute: integer('RATE_LIMIT_PER_MINUTE', undefined, 1, 1_000_000),
    /** Gateways whose `X-Forwarded-*` headers count; undefined: nobody's do. */
    trustProxy: checked<string[] | undefined>(
      'TRUST_PROXY',
      undefined,
      (value) => {
        const gateways = value.split(',').map((gateway) => gateway.trim());
        return gateways.every(isGateway) ? gateways : undefined;
      },
      'addresses or ranges such as 10.0.0.0/8, or loopback, linklocal, uniquelocal, separated by commas',
    ),
    /** Requests in flight before new ones are answered 503. */
    maxInFlight: integer('MAX_IN_FLIGHT', 400, 1, 100_000),
    /** Event streams open before new ones are answered 503; they don't count as requests in flight. */
    maxStreams: integer('MAX_STREAMS', 500, 1, 100_000),
    pages: {
      /** When the kitchen's page calls an order slow, and late: minutes after it was confirmed. */
      warnMinutes: integer('KITCHEN_WARN_MINUTES', 10, 1, 10_000),
      lateMinutes: integer('KITCHEN_LATE_MINUTES', 20, 1, 10_000),
      /** IANA name of the zone that times are shown in. */
      timeZone: checked('TIME_ZONE', zoneOfThisMachine(), knownZone, 'the name of a time zone, such as Europe/Rome'),
      /** Address of a trace for those who look at it, with `{traceId}` in the place of its id. */
      traceUrlTemplate: checked<string | undefined>(
        'TRACE_URL_TEMPLATE',
        undefined,
        (value) => (value.includes('{traceId}') && isWebUrl(value.replaceAll('{traceId}', '0')) ? value : undefined),
        'a URL of http or https with {traceId} in it',
      ),
    },
  } as const;
  const oidc = ['OIDC_ISSUER', 'OIDC_AUDIENCE', 'OIDC_CLIENT_ID'].find((name) => text(name) !== undefined);
  if (isProduction) {
    required('EVENTSTORE_URL', 'when NODE_ENV=production');
    required('MONGODB_URL', 'when NODE_ENV=production');
    required('AUTH', 'when NODE_ENV=production: oidc, or off if only trusted callers reach the service');
    if (config.auth === 'dev') mistakes.push('AUTH=dev asks nobody for a password: it is not for NODE_ENV=production');
  } else if (oidc !== undefined) {
    required('AUTH', `with ${oidc}: oidc, or off if nobody is to be asked`);
  }
  if (config.pages.warnMinutes > config.pages.lateMinutes) {
    mistakes.push('KITCHEN_WARN_MINUTES must not be more than KITCHEN_LATE_MINUTES');
  }
  if (config.auth === 'oidc') {
    required('OIDC_ISSUER', 'when AUTH=oidc');
    required('OIDC_AUDIENCE', 'when AUTH=oidc');
    if (config.oidcClientId !== undefined) required('SESSION_KEY', 'with OIDC_CLIENT_ID');
    if (config.oidcClientId !== undefined && config.oidcClientId === config.oidcAudience) {
      mistakes.push('OIDC_AUDIENCE must not be OIDC_CLIENT_ID: an ID token would pass for an access token');
    }
  }
  if (mistakes.length > 0) throw new ConfigError(`The configuration has mistakes:\n  ${mistakes.join('\n  ')}`);
  return config;
}

/** With a TZ that is empty or unknown, Node has no zone, or one that it doesn't take itself. */
function zoneOfThisMachine(): string {
  return knownZone(new Intl.DateTimeFormat().resolvedOptions().timeZone) ?? 'UTC';
}

function knownZone(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined; // a RangeError
  }
}

/** What @fastify/proxy-addr knows; it takes mistakes without a word, or throws. */
function isGateway(text: string): boolean {
  if (/^(?:loopback|linklocal|uniquelocal)$/.test(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && most > 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}

const JSON_POINTER = /^(?:\/(?:[^~/]|~[01])+)+$/;
const LOOPBACK_HOSTS = ['127.0.0.1', 'localhost', '[::1]'];

function mistakeInIssuer(value: string, isProduction: boolean): string | undefined {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isPlain = url?.protocol === 'http:' && LOOPBACK_HOSTS.includes(url.hostname) && !isProduction;
  if (!url || (url.protocol !== 'https:' && !isPlain) || /[?#@\s]/.test(value)) {
    return `must be an https URL without query, fragment and user${isProduction ? '' : ', or an http one of this machine'}`;
  }
  return undefined;
}

function mistakeInOtlpEndpoint(value: string): string | undefined {
  return isWebUrl(value) && !/[?#]/.test(value)
    ? undefined
    : 'must be a URL of http or https without user, query and fragment';
}

function isWebUrl(value: string): boolean {
  return /^https?:\/\/[^\s@/?#]+(?:[/?#]\S*)?$/i.test(value) && URL.canParse(value);
}

const SHORTEST_SESSION_KEY = 32;

function mistakeInSessionKey(value: string): string | undefined {
  return value.split(',').some((key) => key.length < SHORTEST_SESSION_KEY || /\s/.test(key))
    ? `must be one random text of at least ${SHORTEST_SESSION_KEY} characters, or several with commas between them, the newest first`
    : undefined;
}
