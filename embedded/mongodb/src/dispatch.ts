import { aggregateCommands } from './handlers/aggregate.ts';
import { catalogCommands } from './handlers/catalog.ts';
import { assertCommon, type Command, type Context, type Reply, type Request } from './handlers/context.ts';
import { diagnosticCommands } from './handlers/diagnostics.ts';
import { findCommands } from './handlers/find.ts';
import { writeCommands } from './handlers/write.ts';
import { codes, MongoError } from './errors.ts';

const commands = new Map<string, Command>(
  Object.entries({
    ...findCommands,
    ...writeCommands,
    ...aggregateCommands,
    ...catalogCommands,
    ...diagnosticCommands,
  }),
);

/** Runs one command; whatever goes wrong becomes an answer. */
export function runCommand(request: Request | MongoError, context: Context): Reply {
  try {
    if (request instanceof MongoError) throw request;
    const command = commands.get(request.name);
    if (command === undefined) throw new MongoError(codes.CommandNotFound, `no such command: '${request.name}'`);
    assertCommon(request, command);
    return command.writes ? context.store.write(() => command.run(request, context)) : command.run(request, context);
  } catch (error) {
    return errorReply(error);
  }
}

export function errorReply(error: unknown): Reply {
  const known = error instanceof MongoError ? error : unexpected(error);
  return { ok: 0, errmsg: known.message, code: known.code, codeName: known.codeName, ...known.extra };
}

function unexpected(error: unknown): MongoError {
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return new MongoError(codes.Overflow, 'exceeded depth limit');
  }
  const isFull = /^SQLITE_(?:FULL|IOERR_WRITE)/.test(String((error as { readonly code?: unknown } | null)?.code));
  return new MongoError(
    isFull ? codes.OutOfDiskSpace : codes.InternalError,
    error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  );
}
