import type { components } from '../../api/schema.ts';
import type { LiveEvent } from '../../live-client.ts';

type Schemas = components['schemas'];
export type ReadModel = Schemas['Projections']['items'][number];
export type Verified = Schemas['VerifiedReadModel'];

/** As readiness has them. */
export interface Checks {
  readonly eventStore: 'up' | 'down';
  readonly readModels: 'up' | 'down';
  readonly projection: string;
}

/** What is known of the service; what is undefined is not known yet. */
export interface OperationsState {
  readonly checks?: Checks;
  /** As they were told last, whether or not that is possible at present. */
  readonly items?: readonly ReadModel[];
  /** Whether the read models can be told at present. */
  readonly isTold: boolean;
  readonly parked?: number;
}

export const NOTHING_KNOWN: OperationsState = { isTold: false };

/** Takes an event of the operations' stream. */
export function applyChange(state: OperationsState, { event, data }: LiveEvent): OperationsState {
  if (event === 'parked') return { ...state, parked: data['total'] as number };
  if (event !== 'projection') return state;
  const { checks, items } = data as { checks: Checks; items: readonly ReadModel[] | null };
  return { ...state, checks, isTold: items !== null, ...(items && { items }) };
}

/** While orders come in, events wait for a moment; they are too many, or wait too long, beyond these. */
export const NORMAL_LAG = { events: 1000, seconds: 10 };

export function isLagNormal({ lag }: Pick<ReadModel, 'lag'>): boolean {
  return lag.events <= NORMAL_LAG.events && lag.seconds <= NORMAL_LAG.seconds;
}

/** What a read model is for, in words. */
export const READ_MODELS: Readonly<Record<ReadModel['name'], readonly [title: string, purpose: string]>> = {
  customers: ['Customers', 'Who has ordered, and where they are reached'],
  menu_items: ['Menu', 'What can be ordered'],
  orders: ['Orders', 'Every order as it is now'],
  audit: ['Audit', 'Who did what, and when'],
  refunds: ['Refunds', 'What is owed back and what was given back'],
  analytics: ['Figures', 'What the orders of each day add up to'],
};

/** Each state of a read model: its name, what it means, and whether it is as it should be. */
export const STATES: Readonly<Record<ReadModel['state'], readonly [name: string, meaning: string, isNormal: boolean]>> =
  {
    starting: ['Starting', 'The service has just started, and will follow the log in a moment.', true],
    consuming: ['Following', 'It takes each event as it comes.', true],
    waiting: ['Waiting', 'A store is away. It goes on by itself once that is back.', false],
    stopped: ['Stopped', 'Nobody follows the log: no instance consumes it.', false],
    rebuilding: ['Rebuilding', 'It is built anew. The one before serves until that is done.', true],
  };

/** All that is not as it should be, in sentences; empty when everything is. */
export function troubles({ checks, items = [], isTold, parked = 0 }: OperationsState): string[] {
  const found: string[] = [];
  if (checks?.eventStore === 'down') found.push('The event store is away.');
  if (checks?.readModels === 'down') found.push('The read models’ store is away.');
  if (isTold) {
    const named = (isIt: (item: ReadModel) => boolean) =>
      items
        .filter(isIt)
        .map(({ name }) => READ_MODELS[name][0])
        .join(', ');
    const still = named(({ state }) => !STATES[state][2]);
    if (still) found.push(`Standing still: ${still}.`);
    const behind = named((item) => !isLagNormal(item));
    if (behind) found.push(`Behind the log: ${behind}.`);
    const failed = named(({ rebuild }) => rebuild?.state === 'failed' || rebuild?.state === 'interrupted');
    if (failed) found.push(`Rebuild not finished: ${failed}.`);
  }
  if (parked > 0) found.push(parked === 1 ? 'One event is parked.' : `${parked} events are parked.`);
  return found;
}

/** Tells two rebuilds of a read model apart, and one that runs from the same when it has ended. */
export function rebuildKey({ rebuild }: Pick<ReadModel, 'rebuild'>): string {
  return rebuild ? `${rebuild.startedAt} ${rebuild.finishedAt} ${rebuild.state}` : '';
}

/**
 * Whether a rebuild that was asked for has ended.
 *
 * @param before key of what was there before it was asked for, news of which may still come; empty once it was seen
 *   running
 */
export function hasEnded(item: Pick<ReadModel, 'rebuild'>, before: string): boolean {
  const { rebuild } = item;
  return rebuild !== null && rebuild.state !== 'running' && rebuildKey(item) !== before;
}

const KINDS: Readonly<Record<Verified['listed'][number]['kind'], string>> = {
  missing: 'is missing',
  extra: 'should not be there',
  behind: 'is behind its stream',
  different: 'differs',
};

/** How a document differs, in words. */
export function differenceWords({ kind, fields }: Pick<Verified['listed'][number], 'kind' | 'fields'>): string {
  return fields.length > 0 ? `${KINDS[kind]} in ${fields.join(', ')}` : KINDS[kind];
}

/** What a verification has found, in sentences. @param count a number as people read it */
export function verifiedWords(
  { checked, differences, repaired, behind }: Verified,
  count: (value: number) => string,
): string {
  const sentences = [
    differences === 0
      ? `${count(checked)} documents were compared with the log, and none differs.`
      : `${count(differences)} of ${count(checked)} documents ${differences === 1 ? 'differs' : 'differ'} from the log.`,
  ];
  if (repaired > 0) {
    sentences.push(
      repaired === differences
        ? 'All were repaired.'
        : `${count(repaired)} ${repaired === 1 ? 'was' : 'were'} repaired.`,
    );
  }
  if (behind) {
    sentences.push(
      `${count(behind.documents)} could not be judged: ${count(behind.events)} events are not yet projected.`,
    );
  }
  return sentences.join(' ');
}

/** Which order a stream is of, whatever stands before its category; undefined for other streams. */
export function orderOf(stream: string): string | undefined {
  return /PizzaOrder-([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/.exec(stream)?.[1];
}
