import type { Logger } from 'pino';
import {
  type CustomerDetails,
  type CustomerEvent,
  type CustomerState,
  evolveCustomer,
  setCustomerDetails,
} from '../domain/customer.ts';
import { notBefore } from '../domain/time.ts';
import { applyStored } from '../eventstoredb/apply.ts';
import { isCustomerEvent } from '../eventstoredb/codec.ts';
import { ConcurrencyError, UnreadableEventError } from '../eventstoredb/errors.ts';
import type { KeyedCommand } from '../eventstoredb/snapshots.ts';
import type { CommandContext, StreamStore } from '../eventstoredb/streams.ts';
import { ConcurrentModificationError, IdempotencyKeyReusedError, StaleRevisionError } from './errors.ts';
import { MOST_TRIES } from './execute.ts';
import { type Caller, commandContext } from './idempotency.ts';
import { createSerializer, type StillWanted } from './serialize.ts';

export interface CustomerAtRevision {
  readonly state: CustomerState;
  readonly revision: number;
}

export interface SetCustomer extends CustomerAtRevision {
  /** Whether this command is the one that registered the customer. */
  readonly isNew: boolean;
}

/** What `If-Match` asks for: that there is a customer at all and, unless undefined, at one of these revisions. */
export interface CustomerPrecondition {
  readonly allowedRevisions: readonly number[] | undefined;
}

export interface CustomerCommandsOptions {
  readonly streams: Pick<StreamStore, 'streamOf' | 'read' | 'append'>;
  readonly clock: () => Date;
  readonly log: Logger;
  readonly onConflict?: () => void;
}

/** A customer's stream is short, and is read whole. */
interface LoadedCustomer {
  readonly state: CustomerState | undefined;
  readonly revision: number;
  readonly keys: ReadonlyMap<string, KeyedCommand>;
}

const CUSTOMER_CATEGORY = 'Customer';

export type CustomerCommands = ReturnType<typeof createCustomerCommands>;

/** The commands on customers: load → decide → append, like those on orders. */
export function createCustomerCommands({ streams, clock, log, onConflict = () => undefined }: CustomerCommandsOptions) {
  const serialize = createSerializer();
  const streamOf = (customerId: string) => streams.streamOf(CUSTOMER_CATEGORY, customerId);

  return {
    /**
     * Registers a customer or changes the details; the present details again store nothing.
     *
     * @throws IdempotencyKeyReusedError, StaleRevisionError, ConcurrentModificationError, EventStoreUnavailableError,
     *   UnreadableEventError
     */
    async setDetails(
      customerId: string,
      details: CustomerDetails,
      caller: Caller,
      precondition?: CustomerPrecondition,
    ): Promise<SetCustomer> {
      const context = commandContext(caller, 'set-customer-details', customerId, details);
      const set = await serialize(customerId, (stillWanted) =>
        execute(customerId, details, context, precondition, stillWanted),
      );
      const { requestId, correlationId } = caller;
      log.info({ requestId, correlationId, command: 'set-customer-details', revision: set.revision }, 'command done');
      return set;
    },
  };

  async function execute(
    customerId: string,
    details: CustomerDetails,
    context: CommandContext,
    precondition: CustomerPrecondition | undefined,
    stillWanted: StillWanted,
  ): Promise<SetCustomer> {
    let lost: unknown;
    for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
      stillWanted();
      const loaded = await load(customerId);
      const earlier = context.idempotencyKey === undefined ? undefined : loaded.keys.get(context.idempotencyKey);
      if (earlier) {
        if (earlier.requestHash !== context.requestHash) throw new IdempotencyKeyReusedError();
        return stored(await load(customerId, earlier.lastRevision));
      }
      refuseUnless(precondition, loaded);
      const at = loaded.state ? notBefore(loaded.state.lastUpdated, clock()) : clock().toISOString();
      const events = setCustomerDetails(loaded.state, customerId, details, at);
      if (loaded.state && events.length === 0) return { state: loaded.state, revision: loaded.revision, isNew: false };
      stillWanted();
      try {
        return await append(customerId, loaded, events, context);
      } catch (error) {
        if (!(error instanceof ConcurrencyError)) throw error;
        lost = error;
        onConflict();
      }
    }
    throw new ConcurrentModificationError({ cause: lost }, 'Customer');
  }

  /** With an idempotency key the append may be a repeated one: then what the first one stored is the answer. */
  async function append(
    customerId: string,
    loaded: LoadedCustomer,
    events: readonly CustomerEvent[],
    context: CommandContext,
  ): Promise<SetCustomer> {
    const { revision } = await streams.append(streamOf(customerId), loaded.revision, events, context);
    if (context.idempotencyKey !== undefined) return stored(await load(customerId, revision));
    return stored({ state: events.reduce(evolveCustomer, loaded.state), revision });
  }

  async function load(customerId: string, upTo?: number): Promise<LoadedCustomer> {
    const events = await streams.read(streamOf(customerId), upTo === undefined ? {} : { maxCount: upTo + 1 });
    let state: CustomerState | undefined;
    const keys = new Map<string, KeyedCommand>();
    for (const event of events) {
      if (!isCustomerEvent(event))
        throw new UnreadableEventError(`${event.event.type} does not belong in ${event.stream}`);
      state = applyStored(evolveCustomer, state, event);
      const { idempotencyKey, requestHash } = event.metadata;
      if (idempotencyKey === undefined || requestHash === undefined) continue;
      keys.set(idempotencyKey, { requestHash, lastRevision: event.revision });
    }
    return { state, revision: events.at(-1)?.revision ?? -1, keys };
  }
}

function stored({ state, revision }: Pick<LoadedCustomer, 'state' | 'revision'>): SetCustomer {
  if (!state) throw new ConcurrencyError('the customer’s stream was deleted meanwhile');
  return { state, revision, isNew: revision === 0 };
}

function refuseUnless(precondition: CustomerPrecondition | undefined, { revision }: LoadedCustomer): void {
  if (!precondition) return;
  const { allowedRevisions } = precondition;
  if (revision < 0 || allowedRevisions?.includes(revision) === false)
    throw new StaleRevisionError(revision, 'customer');
}
