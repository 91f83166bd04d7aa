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
export function mistakeInEventStoreUrl(url: string): string | undefined {
  const match = EVENTSTORE_URL.exec(url);
  if (!match) {
    return 'must be esdb://[user:password@]host:port[?option=value&…] or esdb+discover://…, with user and password percent-encoded';
  }
  if (hasWrongPort(url)) return WRONG_PORT;
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

const WRONG_PORT = 'has a port that is none: a number from 1 to 65535';

function hasWrongPort(url: string): boolean {
  const hosts = /^[^/]*\/\/(?:[^@/?]*@)?([^/?]*)/.exec(url)?.[1] ?? '';
  return hosts.split(',').some((host) => {
    const port = /:(\d+)$/.exec(host)?.[1];
    return port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535);
  });
}

const MONGODB_URL = /^mongodb(?:\+srv)?:\/\/(?:[^\s:@/?]+(?::[^\s:@/?]*)?@)?[^\s@/?]+(?:\/[^\s@?]*)?(?:\?\S*)?$/;

export function mistakeInMongoUrl(url: string): string | undefined {
  if (!MONGODB_URL.test(url)) {
    return 'must be mongodb://[user:password@]host:port[/?option=value&…] or mongodb+srv://…, with user and password percent-encoded';
  }
  if (hasWrongPort(url)) return WRONG_PORT;
  for (const [name, value] of new URLSearchParams(url.split('?')[1])) {
    if (name.toLowerCase() === 'loadbalanced' && value === 'true')
      return 'cannot have loadBalanced: behind a balancer nobody notices that a server is away';
    const needed = NEEDED_OF_MONGODB.get(name.toLowerCase());
    if (needed?.values.test(value) === false) {
      return `must leave ${name} at ${needed.words}: saves of read models are guarded by what was written last`;
    }
  }
  return undefined;
}

/** Options of a connection string, in lower case, and the values that guards can be relied on with. */
const NEEDED_OF_MONGODB: ReadonlyMap<string, { readonly values: RegExp; readonly words: string }> = new Map([
  ['readpreference', { values: /^primary$/i, words: 'primary' }],
  ['readconcernlevel', { values: /^(?:local|majority|linearizable)$/i, words: 'local, majority or linearizable' }],
  ['w', { values: /^(?:[1-9]\d*|[a-z]\S*)$/i, words: 'majority or 1 and more' }],
]);
