import type { handleUnaryCall } from '@grpc/grpc-js';
import type { ExpectedRevision } from '../log/events.ts';
import type { EventLog } from '../log/log.ts';
import { expectedOf, type Request, required, writableNameOf, type WriteOptions } from '../wire/messages.ts';
import { positionMessage } from '../wire/position.ts';
import { streamDeleted, timedOut, wrongExpectedVersion } from '../wire/rpc-errors.ts';
import { unary } from '../wire/unary.ts';

/** `Streams.Delete` and `Streams.Tombstone`. */
export function createDeleteHandler(
  log: EventLog,
  how: 'soft' | 'tombstone',
): handleUnaryCall<Request<WriteOptions>, object> {
  return unary(async (request) => {
    const options = required(request.options);
    const stream = writableNameOf(options.streamIdentifier);
    const expected = expectedOf(options);
    const outcome = await log.remove(stream, expected, how);
    switch (outcome.kind) {
      case 'appended':
        return { position: outcome.position === undefined ? null : positionMessage(outcome.position) };
      case 'wrong':
        throw wrongExpectedVersion(stream, numberOf(expected), outcome.current);
      case 'deleted':
        throw streamDeleted(stream);
      case 'expired':
        throw timedOut();
      default:
        return outcome satisfies never;
    }
  });
}

/** EventStoreDB's numbers for the expected revisions that are none. */
function numberOf(expected: ExpectedRevision): number {
  return typeof expected === 'number' ? expected : { no_stream: -1, any: -2, stream_exists: -4 }[expected];
}
