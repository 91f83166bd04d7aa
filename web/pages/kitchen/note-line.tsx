import { now } from '../../app/clock.ts';
import { duration } from '../../ui/format.ts';
import type { Conflict, Note } from './words.ts';

/** How far a command has come, where that is not to be seen. */
export function NoteLine({ note }: { readonly note: Note | undefined }) {
  if (!note) return null;
  return (
    <p class={`ticket-note ${note.kind}`} role="status">
      {note.kind === 'retrying' && 'No answer. Trying again …'}
      {note.kind === 'refused' && note.text}
      {note.kind === 'conflict' && <ConflictWords conflict={note.conflict} />}
    </p>
  );
}

export function ConflictWords({ conflict: { who, did, at } }: { readonly conflict: Conflict }) {
  return (
    <>
      {who} {did} <span>({duration(now.value - at)} ago)</span>
    </>
  );
}
