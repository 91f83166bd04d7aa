import type { Position } from '@eventstore/db-client';

/**
 * A place in the log, as streams show it: the commit position of an event. That is enough, because EventStoreDB 23.10
 * gives each event a commit position of its own.
 */
export type LogPosition = bigint;

/** Before the first event of the log; 0 is a position of its own in some servers. */
export const BEGINNING: LogPosition = -1n;

export function toPosition(position: LogPosition): Position | undefined {
  return position === BEGINNING ? undefined : { commit: position, prepare: position };
}

export function fromPosition(position: Position | undefined): LogPosition {
  return position?.commit ?? BEGINNING;
}

/** @returns undefined for a text that is no position */
export function parsePosition(text: string): LogPosition | undefined {
  return /^(?:-1|\d{1,19})$/.test(text) ? BigInt(text) : undefined;
}
