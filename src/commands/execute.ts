import type { Logger } from 'pino';
import { DomainError } from '../domain/errors.ts';
import { notBefore } from '../domain/time.ts';
import type { DomainEvent } from '../eventstoredb/aggregates.ts';
import { ConcurrencyError } from '../eventstoredb/errors.ts';
import { type AtRevision, type EventSourcingRepository, keyOf, type Loaded, NEW } from '../eventstoredb/repository.ts';
import type { KeyedCommand } from '../eventstoredb/snapshot-codec.ts';
import type { CommandContext } from '../eventstoredb/streams.ts';
import { inSpan, type Trace } from '../tracing/trace.ts';
import {
  ConcurrentModificationError,
  IdempotencyKeyReusedError,
  StaleRevisionError,
  type Subject,
  WithheldEventError,
} from './errors.ts';
import { type Caller, commandContext } from './idempotency.ts';
import { createSerializer, type StillWanted } from './serialize.ts';

/** The first try and three more. */
const MOST_TRIES = 4;

export interface ExecutorOptions<State extends { readonly lastUpdated: string }, Event extends DomainEvent> {
  readonly repository: Pick<EventSourcingRepository<State, Event>, 'getById' | 'getFresh' | 'save' | 'atRevision'>;
  readonly subject: Subject;
  readonly clock: () => Date;
  readonly log: Logger;
  /** Whether it still is what callers take for there; by default, whatever has events. */
  readonly isThere?: (state: State) => boolean;
  readonly onConflict?: () => void;
  /** Types of events that are not to be written yet. */
  readonly withheld?: readonly string[] | undefined;
}

/** Whether the present revision will do for the caller (`If-Match`, `If-None-Match`); −1: there is nothing yet. */
export type Precondition = (revision: number) => boolean;

export interface Command<State, Event> {
  readonly name: string;
  readonly id: string;
  /** What a repetition under the same idempotency key must equal. */
  readonly request: unknown;
  readonly caller: Caller;
  readonly precondition?: Precondition | undefined;
  /** Why there must be such an aggregate already; without it, the command may create one. */
  readonly ifMissing?: (() => Error) | undefined;
  /** Nothing has this id yet, so there is nothing to load. */
  readonly isNewId?: boolean;
  /** The id that the same key gave before callers were told apart. */
  readonly formerId?: string | undefined;
  /** Whether the caller may know of this aggregate; if not, it is as if it were missing. */
  readonly isKnown?: (state: State) => boolean;
  /**
   * The events to append; none when there is nothing to do.
   *
   * @param at time of the events: now, and never before the last one
   * @param context the same whenever the command is decided again
   * @throws DomainError
   */
  readonly decide: (
    loaded: Loaded<State>,
    at: string,
    context: CommandContext,
  ) => readonly Event[] | Promise<readonly Event[]>;
}

export interface Executed<State> extends AtRevision<State> {
  /** Whether the command, now or when it came before, appended anything. */
  readonly hasChanged: boolean;
}

/**
 * Executes the commands on one kind of aggregate: load, decide, append; after a lost race load and decide again.
 *
 * What is decided on a cached aggregate counts only when an append proves that it was current: a refusal, or a decision
 * that there is nothing to do, is made again on the aggregate as stored.
 *
 * @throws what `ifMissing` makes, IdempotencyKeyReusedError, StaleRevisionError, DomainError,
 *   ConcurrentModificationError, WithheldEventError, EventStoreUnavailableError, UnreadableEventError
 */
export function createExecutor<State extends { readonly lastUpdated: string }, Event extends DomainEvent>({
  repository,
  subject,
  clock,
  log,
  isThere = () => true,
  onConflict = () => undefined,
  withheld = [],
}: ExecutorOptions<State, Event>) {
  const serialize = createSerializer();

  return function execute(command: Command<State, Event>): Promise<Executed<State>> {
    const { name, id, caller } = command;
    // Customers' ids may be personal data.
    const orderId = subject === 'order' ? id : undefined;
    const options = { attributes: { 'pizzeria.order_id': orderId } };
    return inSpan(caller.trace, `command ${name}`, options, (trace) => executeOne(command, orderId, trace));
  };

  async function executeOne(
    command: Command<State, Event>,
    orderId: string | undefined,
    trace: Trace | undefined,
  ): Promise<Executed<State>> {
    const { name, id, request, caller } = command;
    const context = commandContext(caller, name, id, request, trace);
    const executed = await serialize(id, (stillWanted) => run(command, context, stillWanted));
    const { requestId, correlationId, id: callerId } = caller;
    const { revision } = executed;
    const traceId = trace?.id;
    log.info({ requestId, correlationId, traceId, caller: callerId, orderId, command: name, revision }, 'command done');
    return executed;
  }

  async function run(
    command: Command<State, Event>,
    context: CommandContext,
    stillWanted: StillWanted,
  ): Promise<Executed<State>> {
    const { id } = command;
    const { trace } = context;
    const former = command.formerId === undefined ? undefined : await formerAnswer(command, command.formerId, trace);
    if (former) return { ...former, hasChanged: true };
    let lost: unknown;
    let loaded: Loaded<State> = command.isNewId ? NEW : await repository.getById(id, trace);
    for (let tries = 1; tries <= MOST_TRIES;) {
      const isUnknown = loaded.state && command.isKnown?.(loaded.state) === false;
      if (isUnknown && command.ifMissing) throw command.ifMissing();
      stillWanted();
      const earlier = await earlierAnswer(id, loaded, context);
      if (earlier) return { ...earlier, hasChanged: true };
      const outcome = await attempt(command, context, loaded);
      if (loaded.fromCache && (outcome instanceof Error || outcome.length === 0)) {
        loaded = await repository.getFresh(id, trace);
        continue;
      }
      if (outcome instanceof Error) throw outcome;
      if (loaded.state && outcome.length === 0) {
        return { state: loaded.state, revision: loaded.revision, hasChanged: false };
      }
      if (outcome.some(({ type }) => withheld.includes(type))) throw new WithheldEventError();
      stillWanted();
      try {
        return { ...(await repository.save(id, loaded, outcome, context)), hasChanged: true };
      } catch (error) {
        if (!(error instanceof ConcurrencyError)) throw error;
        lost = error;
        tries += 1;
        onConflict();
        trace?.happened('lost a race');
        loaded = await repository.getFresh(id, trace);
      }
    }
    throw new ConcurrentModificationError(subject, { cause: lost });
  }

  /** What the command's key was answered with before, if it was. */
  async function earlierAnswer(
    id: string,
    { keys }: Loaded<State>,
    { idempotencyKey, requestHash, caller, trace }: CommandContext,
  ): Promise<AtRevision<State> | undefined> {
    if (idempotencyKey === undefined) return undefined;
    const own = keys.get(keyOf(idempotencyKey, caller));
    if (own && own.requestHash !== requestHash) throw new IdempotencyKeyReusedError();
    const earlier = own ?? sameRequest(keys, idempotencyKey, requestHash);
    return earlier && repository.atRevision(id, earlier.lastRevision, trace);
  }

  /** The answer under the id that the key gave before callers were told apart. */
  async function formerAnswer(
    { name, request, caller, isKnown }: Command<State, Event>,
    formerId: string,
    trace: Trace | undefined,
  ): Promise<AtRevision<State> | undefined> {
    const { state, keys } = await repository.getById(formerId, trace);
    if (!state || isKnown?.(state) === false) return undefined;
    const { idempotencyKey = '', requestHash } = commandContext(caller, name, formerId, request);
    const earlier = sameRequest(keys, idempotencyKey, requestHash);
    return earlier && repository.atRevision(formerId, earlier.lastRevision, trace);
  }

  async function attempt(
    { precondition, ifMissing, decide }: Command<State, Event>,
    context: CommandContext,
    loaded: Loaded<State>,
  ): Promise<readonly Event[] | Error> {
    const { state } = loaded;
    const revision = state && isThere(state) ? loaded.revision : -1;
    if (revision < 0 && ifMissing) return ifMissing();
    if (precondition?.(revision) === false) return new StaleRevisionError(revision, subject);
    const now = clock();
    try {
      return await decide(loaded, state ? notBefore(state.lastUpdated, now) : now.toISOString(), context);
    } catch (error) {
      if (error instanceof DomainError) return error;
      throw error;
    }
  }
}

/** Before callers were told apart, a key was anybody's: the very same request is taken for the caller's. */
function sameRequest(
  keys: Loaded<unknown>['keys'],
  idempotencyKey: string,
  requestHash: string | undefined,
): KeyedCommand | undefined {
  const found = keys.get(idempotencyKey);
  return found?.requestHash === requestHash ? found : undefined;
}
