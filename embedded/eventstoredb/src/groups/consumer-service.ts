import type { handleBidiStreamingCall } from '@grpc/grpc-js';
import { eventMessage } from '../wire/event-message.ts';
import { assertTextIds, nameOf, type Target, type Uuid, type UuidOption, uuidOf } from '../wire/messages.ts';
import { createOutbox } from '../wire/outbox.ts';
import { encoderOf } from '../wire/protocol.ts';
import { invalidArgument, toRpcError } from '../wire/rpc-errors.ts';
import type { NackAction } from './group.ts';
import { ALL, groupKey } from './group-config.ts';
import type { ConsumerHandle } from './group-host.ts';
import type { Groups } from './groups.ts';

interface ConnectOptions extends Target {
  readonly groupName: string;
  readonly bufferSize: number;
  readonly uuidOption: UuidOption | null;
}

interface Settlement {
  readonly ids: readonly Uuid[];
  readonly action: number;
  readonly reason: string;
}

/** What a consumer sends: once its options, then what it has done. */
interface ConsumerMessage {
  readonly options: ConnectOptions | null;
  readonly ack: Settlement | null;
  readonly nack: Settlement | null;
}

/** By number. EventStoreDB takes an action that it doesn't know as a retry. */
const ACTIONS: readonly NackAction[] = ['retry', 'park', 'retry', 'skip', 'stop'];

const encode = encoderOf('persistent_subscriptions.ReadResp');

/** `PersistentSubscriptions.Read`: one consumer of a group, from its connection until it leaves or is dropped. */
export function createConsumerHandler(groups: Groups): handleBidiStreamingCall<ConsumerMessage, Buffer> {
  return (call) => {
    let handle: ConsumerHandle | undefined;
    let over = false;
    const name = call.metadata.get('connection-name')[0]?.toString() ?? '<unknown>';

    const outbox = createOutbox(call, () => {
      if (!over) handle?.drained();
    });
    const leave = (): void => {
      if (over) return;
      over = true;
      handle?.leave();
    };
    const fail = (error: unknown): void => {
      if (over) return;
      leave();
      call.emit('error', toRpcError(error));
    };

    function connect(options: ConnectOptions): ConsumerHandle {
      if (handle !== undefined) throw invalidArgument('a consumer connects once');
      const { groupName, bufferSize: slots } = options;
      if (slots < 0) throw invalidArgument('the buffer size of a consumer cannot be negative');
      assertTextIds(options.uuidOption);
      const stream = options.all === null ? nameOf(options.streamIdentifier) : ALL;
      const subscriptionId = groupKey(stream, groupName);
      return groups.get(stream, groupName).connect({
        name,
        slots,
        confirm: () => void outbox.write(encode({ subscriptionConfirmation: { subscriptionId } })),
        send: (resolved, retryCount) =>
          over || outbox.write(encode({ event: { ...eventMessage(resolved), retryCount } })),
        drop: fail,
      });
    }

    function receive({ options, ack, nack }: ConsumerMessage): void {
      if (options !== null) handle = connect(options);
      else if (handle === undefined) throw invalidArgument('a consumer has to connect before it acknowledges');
      else if (ack !== null) handle.ack(ack.ids.map(uuidOf));
      else if (nack !== null) handle.nack(nack.ids.map(uuidOf), ACTIONS[nack.action] ?? 'retry', nack.reason);
      else throw invalidArgument('a consumer sent neither options nor an ack nor a nack');
    }

    call.on('data', (message: ConsumerMessage) => {
      if (over) return;
      try {
        receive(message);
      } catch (error) {
        fail(error);
      }
    });
    call.on('end', () => {
      leave();
      call.end();
    });
    call.on('cancelled', leave);
    call.on('close', leave);
    call.on('error', leave);
  };
}
