/** One event of an event stream (WHATWG HTML, "Server-sent events"). */
export interface Message {
  /** Of two messages about the same thing, a slow reader gets the newer one only. */
  readonly about: string;
  readonly text: string;
}

/** Why a reader must begin anew: by reading what is watched as it is now. */
export type ResetReason = 'too-far-behind' | 'unknown-position' | 'slow-reader';

/** A comment, so that neither a reader nor a proxy takes a quiet stream for a dead one. */
export const HEARTBEAT = ':\n\n';

/**
 * An event as text. The data are one line of JSON, in which no character that could end the line is left unescaped,
 * whatever a user typed.
 *
 * @param id where to resume after it; only for events that are such a place
 */
export function eventText(event: string, data: object, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
