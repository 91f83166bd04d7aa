import type { EventFilter } from '../streams/filter.ts';
import { fromWire, toWire } from '../wire/position.ts';
import type { GroupSettings } from './group-settings.ts';

/** Stands for the whole log where a group's stream is named. */
export const ALL = '$all';

export const CONFIG_STREAM = '$persistentSubscriptionConfig';
export const CONFIG_TYPE = '$PersistentConfig';

export interface GroupDefinition {
  /** `ALL` for a group over the log. */
  readonly stream: string;
  readonly group: string;
  readonly filter: EventFilter | undefined;
  /** First revision or position to deliver; -1: only what comes after the group. */
  readonly startFrom: number;
  readonly settings: GroupSettings;
}

export function groupKey(stream: string, group: string): string {
  return `${stream}::${group}`;
}

/** A revision, or a position in EventStoreDB's `C:commit/P:prepare` form. */
export function formatPlace(stream: string, place: number): string {
  return stream === ALL ? `C:${toWire(place)}/P:${toWire(place)}` : String(place);
}

/** @throws Error when it is not what `formatPlace` makes */
export function parsePlace(text: string): number {
  const [, commit, place = commit] = /^(?:C:(-?\d+)\/P:-?\d+|(-?\d+))$/u.exec(text) ?? [];
  if (place === undefined) throw new Error(`'${text}' is neither a revision nor a position`);
  return commit === undefined ? Number(place) : fromWire(Number(commit));
}

/** A group in the config event, in EventStoreDB's layout. */
interface ConfigEntry extends GroupSettings {
  readonly stream: string;
  readonly group: string;
  readonly filter: EventFilter | null;
  readonly startPosition: string;
}

/** Data of a config event: all groups as they are from then on. */
export function encodeConfig(definitions: readonly GroupDefinition[], updated: Date): unknown {
  const entries = definitions.map(({ stream, group, filter = null, startFrom, settings }): ConfigEntry => ({
    stream,
    group,
    filter,
    startPosition: formatPlace(stream, startFrom),
    ...settings,
  }));
  return { version: '2', updated: updated.toISOString(), updatedBy: 'anonymous', entries };
}

export function decodeConfig(data: Uint8Array): GroupDefinition[] {
  const { entries } = JSON.parse(Buffer.from(data).toString()) as { entries: ConfigEntry[] };
  return entries.map(({ stream, group, filter, startPosition, ...settings }) => ({
    stream,
    group,
    filter: filter ?? undefined,
    startFrom: parsePlace(startPosition),
    settings,
  }));
}
