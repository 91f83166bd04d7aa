import { handlerFailed } from './rpc-errors.ts';
import type { Int64 } from './messages.ts';

/**
 * Clients see positions as offsets into EventStoreDB's file, where most numbers are the start of no record. Ours are
 * counted; they are spaced on the wire, so that a client that calculates with positions fails here as it does there.
 */
const SPACING = 64;

export interface WirePosition {
  readonly commitPosition: Int64;
  readonly preparePosition: Int64;
}

export function toWire(position: number): number {
  return position < 0 ? position : position * SPACING;
}

/** The place in the log, with a fraction where it is no record's start. */
export function fromWire(position: number): number {
  return position < 0 ? position : position / SPACING;
}

/**
 * The place that a client's position names; Infinity for the end.
 *
 * @throws RpcError for a position that cannot be
 */
export function placeOf({ commitPosition, preparePosition }: WirePosition): number {
  const [commit, prepare] = [commitPosition.toNumber(), preparePosition.toNumber()];
  if (commit === 2 ** 64 && prepare === 2 ** 64) return Infinity;
  if (commit > 2 ** 63 || prepare > commit) throw handlerFailed('the position is none');
  return fromWire(commit);
}

export function positionMessage(position: number): { commitPosition: number; preparePosition: number } {
  const wire = toWire(position);
  return { commitPosition: wire, preparePosition: wire };
}
