import type { handleClientStreamingCall } from '@grpc/grpc-js';
import type { ExpectedRevision } from '../log/events.ts';
import { NO_STREAM } from '../log/events.ts';
import type { AppendOutcome, EventLog } from '../log/log.ts';
import { expectedOf, type ProposedMessage, writableNameOf, type WriteOptions } from '../wire/messages.ts';
import { positionMessage } from '../wire/position.ts';
import type { OpenCalls } from '../wire/response-sink.ts';
import {
  appendTooLarge,
  invalidArgument,
  shuttingDown,
  streamDeleted,
  timedOut,
  toRpcError,
} from '../wire/rpc-errors.ts';
import { MAX_APPEND_BYTES, ProposedEvents } from './proposed.ts';

/** EventStoreDB's default for how long a write may wait. */
const WRITE_TIMEOUT_MS = 2000;

interface AppendPart {
  readonly options: WriteOptions | null;
  readonly proposedMessage: ProposedMessage | null;
}

/** `Streams.Append`: one append, its events in messages of their own. */
export function createAppendHandler(log: EventLog, calls: OpenCalls): handleClientStreamingCall<AppendPart, object> {
  return (call, callback) => {
    const proposed = new ProposedEvents();
    let options: WriteOptions | undefined;
    let over = false;
    const end = (): void => {
      over = true;
      calls.delete(stop);
    };
    const fail = (error: unknown): void => {
      if (over) return;
      end();
      callback(toRpcError(error));
    };
    const stop = (): void => fail(shuttingDown());
    calls.add(stop);

    call.on('data', (part: AppendPart) => {
      if (over) return;
      try {
        if (part.options !== null) options = part.options;
        else if (part.proposedMessage !== null) proposed.add(part.proposedMessage);
        else throw invalidArgument('an append message has neither options nor an event');
        if (proposed.tooLarge) throw appendTooLarge(MAX_APPEND_BYTES);
      } catch (error) {
        fail(error);
      }
    });
    call.on('error', fail);
    call.on('cancelled', end);
    call.on('end', () => {
      if (over) return;
      commit().then((response) => {
        if (over) return;
        end();
        callback(null, response);
      }, fail);
    });

    async function commit(): Promise<object> {
      if (options === undefined) throw invalidArgument('an append needs options');
      const stream = writableNameOf(options.streamIdentifier);
      const expected = expectedOf(options);
      const expiresAt = Date.now() + WRITE_TIMEOUT_MS;
      return response(stream, expected, await log.append({ stream, expected, events: proposed.events, expiresAt }));
    }
  };
}

function response(stream: string, expected: ExpectedRevision, outcome: AppendOutcome): object {
  switch (outcome.kind) {
    case 'appended':
      return { success: successMessage(outcome) };
    case 'wrong': {
      const { current } = outcome;
      return {
        wrongExpectedVersion: {
          ...(current === NO_STREAM ? { currentNoStream: {} } : { currentRevision: current }),
          ...(typeof expected === 'number' ? { expectedRevision: expected } : { [EXPECTED_FIELD[expected]]: {} }),
        },
      };
    }
    case 'deleted':
      throw streamDeleted(stream);
    case 'expired':
      throw timedOut();
    default:
      return outcome satisfies never;
  }
}

export const EXPECTED_FIELD = {
  any: 'expectedAny',
  stream_exists: 'expectedStreamExists',
  no_stream: 'expectedNoStream',
} as const;

/** `Success` of both kinds of append. */
export function successMessage({ revision, position }: Extract<AppendOutcome, { kind: 'appended' }>): object {
  return {
    ...(revision === NO_STREAM ? { noStream: {} } : { currentRevision: revision }),
    ...(position === undefined ? { noPosition: {} } : { position: positionMessage(position) }),
  };
}
