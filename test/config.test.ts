import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ConfigError, namesOfVariables, parseConfig } from '../src/config.ts';

const example = parseEnv(readFileSync(new URL('../.env.example', import.meta.url), 'utf8'));

function messageOf(env: Record<string, string>): string {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

const zoneOfThisMachine = new Intl.DateTimeFormat().resolvedOptions().timeZone;

describe('.env.example', () => {
  it('lists every variable that the configuration reads, and no other', () => {
    expect(Object.keys(example).sort()).toEqual([...namesOfVariables()].sort());
  });

  it('used as it is, gives the defaults', () => {
    expect(parseConfig(example)).toEqual(parseConfig({}));
  });

  it('shows every default: what it leaves empty has none', () => {
    const empty = Object.values(example).filter((value) => value === '');
    const { pages, ...rest } = parseConfig({});
    const withoutDefault = Object.values({ ...rest, ...pages }).filter((value) =>
      [undefined, '', false, zoneOfThisMachine].includes(value as never),
    );
    expect(empty).toHaveLength(withoutDefault.length);
  });

  it('says what each variable is for, on a line before it', () => {
    const lines = readFileSync(new URL('../.env.example', import.meta.url), 'utf8').split('\n');
    const bare = lines.filter((line, index) => /^[A-Z]/.test(line) && !/^(#|[A-Z])/.test(lines[index - 1] ?? ''));
    expect(bare).toEqual([]);
  });
});

describe('TRUST_PROXY', () => {
  it.each(['true', '1', 'gateway', '10.0.0.0/33', '10.0.0.0/', '10.0.0', '::1/129', 'loopback,', '10.0.0.1/8/8'])(
    'refuses %s, which would trust everybody or nobody',
    (value) => {
      expect(messageOf({ TRUST_PROXY: value })).toContain('TRUST_PROXY must be addresses or ranges');
    },
  );
});

describe('DATA_DIR', () => {
  it.each(['~/data', '~', '${HOME}/data', '/srv/${NAME}', './da\u0007ta', './da\u200Bta', './data\nPORT=0'])(
    'refuses %j, which would be taken to the letter',
    (value) => {
      expect(messageOf({ DATA_DIR: value })).toContain('DATA_DIR must be a path that is written out');
    },
  );

  it.each(['/var/lib/pizzeria', '../data~', './my data', './Pizzería', 'C:\\data', '/srv/$1'])('takes %s', (value) => {
    expect(parseConfig({ DATA_DIR: value }).dataDir).toBe(value);
  });
});

describe('TIME_ZONE', () => {
  afterEach(() => void vi.unstubAllEnvs());

  it.each(['', 'Nowhere/Land'])('with none, and "%s" in TZ, is UTC', (zone) => {
    vi.stubEnv('TZ', zone);
    expect(parseConfig({}).pages.timeZone).toBe('UTC');
  });

  it('with none is the one in TZ', () => {
    vi.stubEnv('TZ', 'Asia/Tokyo');
    expect(parseConfig({}).pages.timeZone).toBe('Asia/Tokyo');
  });
});

describe('the variables of traces', () => {
  it.each([
    'grpc://host:4317',
    'http://',
    'http://ho st',
    'http://user:hunter2@host',
    'http://host/?key=hunter2',
    'http://host:99999',
  ])('refuse %s for a collector, and never repeat it', (endpoint) => {
    const message = messageOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    expect(message).toContain('OTEL_EXPORTER_OTLP_ENDPOINT must be a URL of http or https');
    expect(message).not.toContain('hunter2');
  });

  it.each(['-0.1', '2', '1e-1', 'half', '0,5', '.5', 'NaN', 'Infinity'])('refuse %s for a share', (share) => {
    expect(messageOf({ OTEL_TRACES_SAMPLER_ARG: share })).toContain(
      'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1',
    );
  });

  it.each(['0', '1', '0.1', '1.0', '0.001'])('take %s for a share', (share) => {
    expect(parseConfig({ OTEL_TRACES_SAMPLER_ARG: share }).traceRatio).toBe(Number(share));
  });

  it.each(['javascript:alert({traceId})', '/trace/{traceId}', 'https://tempo/{traceid}', 'ftp://tempo/{traceId}'])(
    'refuse %s for the address of a trace',
    (template) => {
      expect(messageOf({ TRACE_URL_TEMPLATE: template })).toContain('TRACE_URL_TEMPLATE must be a URL');
    },
  );

  it.each([
    'http://127.0.0.1:16686/trace/{traceId}',
    'https://grafana.example.com/explore?left={"queries":[{"query":"{traceId}"}]}',
  ])('take %s for the address of a trace', (template) => {
    expect(parseConfig({ TRACE_URL_TEMPLATE: template }).pages.traceUrlTemplate).toBe(template);
  });
});

describe('parseConfig', () => {
  it('takes each variable from the environment', () => {
    const config = parseConfig({
      NODE_ENV: 'production',
      PORT: '8080',
      HOST: '0.0.0.0',
      EVENTSTORE_URL: 'esdb+discover://user:password@cluster:2113?tls=true',
      MONGODB_URL: 'mongodb+srv://user:password@cluster/?w=majority',
      MONGODB_DATABASE: 'orders',
      CONSUMER_GROUP: 'group-2',
      STREAM_PREFIX: 'north-',
      DATA_DIR: '/var/lib/pizzeria',
      AUTH: 'oidc',
      OIDC_ISSUER: 'https://login.example.com/realms/pizzeria',
      OIDC_AUDIENCE: 'orders',
      OIDC_ROLES_CLAIM: '/realm_access/roles',
      OIDC_CUSTOMER_CLAIM: '/customer_id',
      OIDC_CLIENT_ID: 'pages',
      OIDC_CLIENT_SECRET: 'secret',
      SESSION_KEY: `${'n'.repeat(32)},${'o'.repeat(32)}`,
      CURRENCY: 'EUR',
      SNAPSHOT_EVERY: '50',
      WITHHOLD_EVENTS: 'OrderCancelled, RefundRequested',
      LOG_LEVEL: 'warn',
      EMBEDDED_EVENTSTORE_PORT: '2113',
      EMBEDDED_MONGODB_PORT: '27017',
      RATE_LIMIT_PER_MINUTE: '600',
      TRUST_PROXY: 'loopback, 10.0.0.0/8,fd00::1',
      MAX_IN_FLIGHT: '10',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://otlp.example.com/otlp',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      KITCHEN_WARN_MINUTES: '5',
      KITCHEN_LATE_MINUTES: '15',
      TIME_ZONE: 'Europe/Rome',
      TRACE_URL_TEMPLATE: 'https://tempo.example.com/trace/{traceId}',
    });
    expect(config).toMatchObject({
      isProduction: true,
      port: 8080,
      host: '0.0.0.0',
      eventStoreUrl: 'esdb+discover://user:password@cluster:2113?tls=true',
      mongoUrl: 'mongodb+srv://user:password@cluster/?w=majority',
      mongoDatabase: 'orders',
      consumerGroup: 'group-2',
      streamPrefix: 'north-',
      dataDir: '/var/lib/pizzeria',
      auth: 'oidc',
      oidcIssuer: 'https://login.example.com/realms/pizzeria',
      oidcAudience: 'orders',
      oidcRolesClaim: '/realm_access/roles',
      oidcCustomerClaim: '/customer_id',
      oidcClientId: 'pages',
      oidcClientSecret: 'secret',
      sessionKey: `${'n'.repeat(32)},${'o'.repeat(32)}`,
      currency: 'EUR',
      snapshotEvery: 50,
      withheldEvents: ['OrderCancelled', 'RefundRequested'],
      logLevel: 'warn',
      embeddedEventStorePort: 2113,
      embeddedMongoPort: 27017,
      rateLimitPerMinute: 600,
      trustProxy: ['loopback', '10.0.0.0/8', 'fd00::1'],
      maxInFlight: 10,
      otlpEndpoint: 'https://otlp.example.com/otlp',
      traceRatio: 0.25,
      pages: {
        warnMinutes: 5,
        lateMinutes: 15,
        timeZone: 'Europe/Rome',
        traceUrlTemplate: 'https://tempo.example.com/trace/{traceId}',
      },
    });
  });

  it('with a blank or empty value, takes the default', () => {
    expect(parseConfig({ PORT: '', HOST: '  ', MONGODB_URL: '' })).toEqual(parseConfig({}));
  });

  it('with several mistakes, reports all of them at once, each with its variable', () => {
    const wrong = {
      PORT: '70000',
      EVENTSTORE_URL: 'http://host:2113',
      MONGODB_URL: 'postgres://host',
      MONGODB_DATABASE: 'a/b',
      CONSUMER_GROUP: 'a b',
      STREAM_PREFIX: 'no-dash-at-the-end',
      AUTH: 'on',
      OIDC_ISSUER: 'login.example.com',
      OIDC_ROLES_CLAIM: 'roles',
      OIDC_CUSTOMER_CLAIM: '/a~b',
      SESSION_KEY: 'short',
      CURRENCY: 'dollars',
      SNAPSHOT_EVERY: '0',
      WITHHOLD_EVENTS: 'OrderCancelled;',
      LOG_LEVEL: 'loud',
      EMBEDDED_EVENTSTORE_PORT: '-1',
      EMBEDDED_MONGODB_PORT: '1.5',
      RATE_LIMIT_PER_MINUTE: 'many',
      TRUST_PROXY: '10.0.0.0/33',
      MAX_IN_FLIGHT: '1e3',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
      OTEL_TRACES_SAMPLER_ARG: '1.1',
      TRACE_URL_TEMPLATE: 'https://tempo.example.com/trace',
    };
    const [head, ...mistakes] = messageOf(wrong).split('\n');
    expect(head).toBe('The configuration has mistakes:');
    expect(mistakes.map((mistake) => mistake.trim().split(' ', 1)[0]).sort()).toEqual(Object.keys(wrong).sort());
  });

  it.each([
    ['readPreference=secondaryPreferred', 'must leave readPreference at primary'],
    ['w=majority&READPREFERENCE=nearest', 'must leave READPREFERENCE at primary'],
    ['readConcernLevel=available', 'must leave readConcernLevel at local, majority or linearizable'],
    ['tls=true&w=0', 'must leave w at majority or 1 and more'],
    ['w=0x0', 'must leave w at majority or 1 and more'],
    ['w=-1', 'must leave w at majority or 1 and more'],
  ])('with a MONGODB_URL that sets %s, says what the guards of read models need', (options, why) => {
    expect(messageOf({ MONGODB_URL: `mongodb://user:hunter2@host/?${options}` })).toContain(`MONGODB_URL ${why}: `);
    expect(messageOf({ MONGODB_URL: `mongodb://user:hunter2@host/?${options}` })).not.toContain('hunter2');
  });

  it('with a MONGODB_URL of a load balancer, says why not', () => {
    expect(messageOf({ MONGODB_URL: 'mongodb://host/?loadBalanced=true' })).toContain(
      'MONGODB_URL cannot have loadBalanced',
    );
  });

  it.each(['', 'readPreference=primary', 'w=1', 'w=majority&readConcernLevel=majority', 'w=dc10'])(
    'with a MONGODB_URL that sets "%s", takes it',
    (options) => {
      const url = `mongodb://host/?${options}`;
      expect(parseConfig({ MONGODB_URL: url }).mongoUrl).toBe(url);
    },
  );

  it.each([
    [{ AUTH: 'oidc' }, 'OIDC_ISSUER is required when AUTH=oidc'],
    [{ AUTH: 'oidc' }, 'OIDC_AUDIENCE is required when AUTH=oidc'],
    [{ AUTH: 'oidc', OIDC_CLIENT_ID: 'pages' }, 'SESSION_KEY is required with OIDC_CLIENT_ID'],
    [{ AUTH: 'oidc', OIDC_CLIENT_ID: 'orders', OIDC_AUDIENCE: 'orders' }, 'OIDC_AUDIENCE must not be OIDC_CLIENT_ID'],
    [{ OIDC_ISSUER: 'https://login.example.com' }, 'AUTH is required with OIDC_ISSUER: oidc, or off'],
    [{ AUTH: ' ', OIDC_AUDIENCE: 'orders' }, 'AUTH is required with OIDC_AUDIENCE: oidc, or off'],
    [{ OIDC_CLIENT_ID: 'pages' }, 'AUTH is required with OIDC_CLIENT_ID: oidc, or off'],
    [{ NODE_ENV: 'production' }, 'AUTH is required when NODE_ENV=production'],
    [{ NODE_ENV: 'production', AUTH: 'dev' }, 'AUTH=dev asks nobody for a password'],
    [{ NODE_ENV: 'production', OIDC_ISSUER: 'http://127.0.0.1:8080' }, 'OIDC_ISSUER must be an https URL'],
    [{ NODE_ENV: 'Production', OIDC_ISSUER: 'http://127.0.0.1:8080' }, 'OIDC_ISSUER must be an https URL'],
    [{ OIDC_ISSUER: 'http://login.example.com' }, 'OIDC_ISSUER must be an https URL'],
    [{ OIDC_ISSUER: 'https://login.example.com/?a=b' }, 'OIDC_ISSUER must be an https URL'],
    [{ OIDC_ISSUER: 'https://user:hunter2@login.example.com' }, 'OIDC_ISSUER must be an https URL'],
    [{ SESSION_KEY: `${'n'.repeat(32)},` }, 'SESSION_KEY must be'],
  ])('with %j, says that %s', (env: Record<string, string>, mistake) => {
    expect(messageOf(env)).toContain(mistake);
    expect(messageOf(env)).not.toContain('hunter2');
  });

  it('with a wrong SESSION_KEY, never repeats it', () => {
    expect(messageOf({ SESSION_KEY: 'hunter2' })).not.toContain('hunter2');
  });

  it.each(['http://127.0.0.1:8080', 'http://localhost:8080/realms/x', 'https://login.example.com/'])(
    'outside production, takes %s for an issuer as it stands',
    (issuer) => {
      expect(parseConfig({ AUTH: 'off', OIDC_ISSUER: issuer }).oidcIssuer).toBe(issuer);
    },
  );

  it.each(['production', 'Production', ' PRODUCTION '])('in %s without stores, requires both URLs', (environment) => {
    const message = messageOf({ NODE_ENV: environment });
    expect(message).toContain('EVENTSTORE_URL is required when NODE_ENV=production');
    expect(message).toContain('MONGODB_URL is required when NODE_ENV=production');
  });

  it('in production with one store, requires the other one only', () => {
    const message = messageOf({ NODE_ENV: 'production', EVENTSTORE_URL: 'esdb://host:2113' });
    expect(message).not.toContain('EVENTSTORE_URL');
    expect(message).toContain('MONGODB_URL is required');
  });

  it.each([
    ['EVENTSTORE_URL', 'esdb://user:hunter2@host:99999?tls=false'],
    ['EVENTSTORE_URL', 'esdb://a:2113,b:0'],
    ['MONGODB_URL', 'mongodb://user:hunter2@host:65536/?w=1'],
    ['MONGODB_URL', 'mongodb://[::1]:1,b:70000'],
  ])('with a port in %s that is none, says so', (name, url) => {
    expect(messageOf({ [name]: url })).toMatch(
      new RegExp(`^The configuration has mistakes:\\n  ${name} has a port that is none: a number from 1 to 65535$`),
    );
  });

  it('with ports as they may be, takes both URLs', () => {
    const env = {
      EVENTSTORE_URL: 'esdb+discover://a:1,b:65535',
      MONGODB_URL: 'mongodb://u:p%3A0@a,[::1]:27017,b:65535/',
    };
    expect(parseConfig(env)).toMatchObject({ eventStoreUrl: env.EVENTSTORE_URL, mongoUrl: env.MONGODB_URL });
  });

  it.each(['EVENTSTORE_URL', 'MONGODB_URL'])('with a wrong %s, never repeats its password', (name) => {
    expect(messageOf({ [name]: 'http://admin:hunter2@host:2113' })).toContain(name);
    expect(messageOf({ [name]: 'http://admin:hunter2@host:2113' })).not.toContain('hunter2');
  });
});
