import type { EventFilter } from './filter.ts';
import type { GroupSettings } from './group-settings.ts';
import { isStrategy } from './group-settings.ts';

/** Stands for the whole log where a group's stream is named. */
export const ALL = '$all';

export const CONFIG_STREAM = '$persistentSubscriptionConfig';
export const CONFIG_TYPE = '$PersistentConfig';

export interface GroupDefinition {
  /** `ALL` for a group over the log. */
  readonly stream: string;
  readonly group: string;
  readonly filter: EventFilter | undefined;
  readonly settings: GroupSettings;
}

export function groupKey(stream: string, group: string): string {
  return `${stream}::${group}`;
}

/** A revision, or a position in EventStoreDB's `C:commit/P:prepare` form. */
export function formatPlace(stream: string, place: number): string {
  return stream === ALL ? `C:${place}/P:${place}` : String(place);
}

export function parsePlace(text: string): number | undefined {
  const [, place] = /^(?:C:(?=-?\d+\/P:-?\d+$))?(-?\d+)(?:\/P:-?\d+)?$/u.exec(text) ?? [];
  return place === undefined ? undefined : Number(place);
}

interface ConfigEntry {
  readonly stream: string;
  readonly group: string;
  readonly filter: EventFilter | null;
  readonly resolveLinkTos: boolean;
  readonly extraStatistics: boolean;
  readonly messageTimeout: number;
  readonly startPosition: string;
  readonly liveBufferSize: number;
  readonly historyBufferSize: number;
  readonly maxRetryCount: number;
  readonly readBatchSize: number;
  readonly checkPointAfter: number;
  readonly minCheckPointCount: number;
  readonly maxCheckPointCount: number;
  readonly maxSubscriberCount: number;
  readonly namedConsumerStrategy: string;
}

/** Data of a config event: all groups as they are from then on, in EventStoreDB's layout. */
export function encodeConfig(definitions: Iterable<GroupDefinition>, updated: Date): unknown {
  return {
    version: '2',
    updated: updated.toISOString(),
    updatedBy: 'anonymous',
    entries: [...definitions].map(toEntry),
  };
}

/** @throws Error when the data is not what `encodeConfig` makes */
export function decodeConfig(data: Uint8Array): GroupDefinition[] {
  const { entries } = JSON.parse(Buffer.from(data).toString()) as { entries: ConfigEntry[] };
  return entries.map(fromEntry);
}

function toEntry({ stream, group, filter, settings }: GroupDefinition): ConfigEntry {
  return {
    stream,
    group,
    filter: filter ?? null,
    resolveLinkTos: settings.resolveLinks,
    extraStatistics: settings.extraStatistics,
    messageTimeout: settings.messageTimeout,
    startPosition: formatPlace(stream, settings.startFrom),
    liveBufferSize: settings.liveBufferSize,
    historyBufferSize: settings.historyBufferSize,
    maxRetryCount: settings.maxRetryCount,
    readBatchSize: settings.readBatchSize,
    checkPointAfter: settings.checkpointAfter,
    minCheckPointCount: settings.minCheckpointCount,
    maxCheckPointCount: settings.maxCheckpointCount,
    maxSubscriberCount: settings.maxSubscriberCount,
    namedConsumerStrategy: settings.strategy,
  };
}

function fromEntry(entry: ConfigEntry): GroupDefinition {
  const startFrom = parsePlace(entry.startPosition);
  if (startFrom === undefined || !isStrategy(entry.namedConsumerStrategy)) {
    throw new Error(`${CONFIG_STREAM} has an entry for ${entry.stream}::${entry.group} that cannot be read`);
  }
  return {
    stream: entry.stream,
    group: entry.group,
    filter: entry.filter === null ? undefined : { ...entry.filter, regex: entry.filter.regex },
    settings: {
      startFrom,
      resolveLinks: entry.resolveLinkTos,
      extraStatistics: entry.extraStatistics,
      messageTimeout: entry.messageTimeout,
      maxRetryCount: entry.maxRetryCount,
      checkpointAfter: entry.checkPointAfter,
      minCheckpointCount: entry.minCheckPointCount,
      maxCheckpointCount: entry.maxCheckPointCount,
      maxSubscriberCount: entry.maxSubscriberCount,
      liveBufferSize: entry.liveBufferSize,
      readBatchSize: entry.readBatchSize,
      historyBufferSize: entry.historyBufferSize,
      strategy: entry.namedConsumerStrategy,
    },
  };
}
