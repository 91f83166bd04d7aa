import type { handleBidiStreamingCall } from '@grpc/grpc-js';
import type { ConsumerMessage } from './consumer-codec.ts';
import { encodeConsumerConfirmation } from './consumer-codec.ts';
import { encodeDelivery } from './event-codec.ts';
import { groupKey } from './group-config.ts';
import type { ConsumerHandle } from './group-host.ts';
import type { Groups } from './groups.ts';
import { createOutbox } from './outbox.ts';
import { invalidArgument, toRpcError } from './rpc-errors.ts';

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

    function connect({ stream, group, slots, ids }: Extract<ConsumerMessage, { kind: 'connect' }>): void {
      if (handle !== undefined) throw invalidArgument('a consumer connects once');
      if (slots > 0x7fffffff) throw invalidArgument('the buffer size of a consumer cannot be negative');
      handle = groups.get(stream, group).connect({
        name,
        slots,
        confirm: () => void outbox.write(encodeConsumerConfirmation(groupKey(stream, group))),
        send: (resolved, retryCount) => over || outbox.write(encodeDelivery(resolved, ids, retryCount)),
        drop: fail,
      });
    }

    call.on('data', (message: ConsumerMessage) => {
      if (over) return;
      try {
        if (message.kind === 'connect') connect(message);
        else if (handle === undefined) throw invalidArgument('a consumer has to connect before it acknowledges');
        else if (message.kind === 'ack') handle.ack(message.ids);
        else handle.nack(message.ids, message.action, message.reason);
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
