import { codes, MongoError } from '../errors.ts';
import { maxDocumentBytes } from '../storage/document.ts';
import type { Command, Context, Reply, Request } from './context.ts';

export const maxMessageBytes = 48_000_000;
export const maxBulkWrites = 100_000;
/** MongoDB 7.0's. */
const maxWireVersion = 21;
const version = '7.0.0';

/**
 * What a standalone says of itself. `topologyVersion` lets the driver watch it by one long request, whose end tells
 * at once that the server is gone.
 */
export function hello(request: Request, context: Context): Reply {
  const legacy = request.name !== 'hello';
  return {
    ...(legacy ? { ismaster: true, helloOk: true } : { isWritablePrimary: true }),
    topologyVersion: { processId: context.processId, counter: 0n },
    maxBsonObjectSize: maxDocumentBytes,
    maxMessageSizeBytes: maxMessageBytes,
    maxWriteBatchSize: maxBulkWrites,
    localTime: new Date(context.now()),
    logicalSessionTimeoutMinutes: 30,
    connectionId: context.connectionId,
    minWireVersion: 0,
    maxWireVersion,
    readOnly: false,
    ok: 1,
  };
}

function buildInfo(): Reply {
  return {
    version,
    versionArray: version.split('.').map(Number).concat(0),
    gitVersion: 'embedded',
    modules: ['embedded'],
    storageEngines: ['sqlite'],
    bits: 64,
    debug: false,
    maxBsonObjectSize: maxDocumentBytes,
    ok: 1,
  };
}

const nothing = (): Reply => ({ ok: 1 });

function authenticate(): Reply {
  throw new MongoError(
    codes.AuthenticationFailed,
    'Authentication failed: this server has no users; leave credentials out of the connection string',
  );
}

const helloCommand: Command = { writes: false, run: hello };

export const diagnosticCommands: Readonly<Record<string, Command>> = {
  hello: helloCommand,
  isMaster: helloCommand,
  ismaster: helloCommand,
  ping: { writes: false, run: nothing },
  buildInfo: { writes: false, run: buildInfo },
  buildinfo: { writes: false, run: buildInfo },
  endSessions: { writes: false, run: nothing },
  saslStart: { writes: false, run: authenticate },
};
