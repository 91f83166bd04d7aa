import type { RecordedEvent } from '@eventstore/db-client';
import { decodeOrderEvent, type StoredOrderEvent } from '../../eventstoredb/codec.ts';
import { isOfOrders } from '../live/consumer-group.ts';
import { gapReader } from '../live/deliveries.ts';
import { gatherAudit } from '../audit/gather.ts';
import { gatherCustomers } from '../customers/gather.ts';
import { gatherOrders } from '../orders/gather.ts';
import { type Gatherer, only, together } from './gather.ts';
import type { ProjectOptions } from '../project.ts';
import { createRecentOrders } from '../orders/recent.ts';

/** Gathers for every read model that follows the consumer group. */
export function gatherReadModels({
  streams,
  database,
  streamPrefix,
}: Pick<ProjectOptions, 'streams' | 'database' | 'streamPrefix'>): Gatherer {
  const isOfOrder = isOfOrders(streamPrefix);
  const readGap = gapReader(streams);
  const decode = decodingInTurn();
  const { orders, customers, audit } = database;
  return together(
    only(isOfOrder, gatherOrders({ orders, customers, readGap, decode, recent: createRecentOrders() })),
    only(isOfOrder, gatherAudit(audit, decode)),
    only((event) => !isOfOrder(event), gatherCustomers({ customers, orders, readGap })),
  );
}

/** Two read models are made of one event, right after each other. */
function decodingInTurn(): (event: RecordedEvent) => StoredOrderEvent {
  let last: { readonly event: RecordedEvent; readonly decoded: StoredOrderEvent } | undefined;
  return (event) => {
    if (last?.event !== event) last = { event, decoded: decodeOrderEvent(event) };
    return last.decoded;
  };
}
