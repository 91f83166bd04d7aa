import { formatPlace, type GroupDefinition } from './group-config.ts';
import type { Consumer, GroupCounts } from './group.ts';

/** What a group can say of itself beyond its settings. */
export interface GroupStatus {
  readonly definition: GroupDefinition;
  readonly live: boolean;
  readonly counts: GroupCounts;
  readonly meter: Meter;
  readonly consumers: readonly { readonly name: string; readonly consumer: Consumer; readonly meter: Meter }[];
  /** Revisions or positions; undefined before the first. */
  readonly checkpoint: number | undefined;
  readonly lastKnown: number | undefined;
  /** The last events that came while the group was live, whatever has become of them: EventStoreDB keeps them. */
  readonly liveBuffer: number;
  readonly parked: number;
}

/** The `SubscriptionInfo` of a group. */
export function infoMessage(status: GroupStatus): object {
  const { definition, counts, consumers } = status;
  const { stream, group, startFrom, settings } = definition;
  const place = (value: number | undefined): string => (value === undefined ? '' : formatPlace(stream, value));
  const { averagePerSecond, ...measured } = status.meter.measure(counts.totalItems);
  return {
    ...settings,
    ...measured,
    averagePerSecond,
    eventSource: stream,
    groupName: group,
    status: status.live ? 'Live' : 'Behind',
    connections: consumers.map(({ name, consumer, meter }) => connectionMessage(name, consumer, meter)),
    lastCheckpointedEventPosition: place(status.checkpoint),
    lastKnownEventPosition: place(status.lastKnown),
    startFrom: formatPlace(stream, startFrom),
    messageTimeoutMilliseconds: settings.messageTimeout,
    bufferSize: settings.historyBufferSize,
    checkPointAfterMilliseconds: settings.checkPointAfter,
    readBufferCount: counts.buffered,
    liveBufferCount: status.liveBuffer,
    retryBufferCount: counts.retrying,
    totalInFlightMessages: consumers.reduce((sum, { consumer }) => sum + consumer.inFlight.size, 0),
    outstandingMessagesCount: counts.outstanding,
    parkedMessageCount: status.parked,
  };
}

function connectionMessage(name: string, { slots, inFlight, totalItems }: Consumer, meter: Meter): object {
  const { averagePerSecond, ...measured } = meter.measure(totalItems);
  return {
    ...measured,
    averageItemsPerSecond: averagePerSecond,
    connectionName: name,
    username: 'system',
    observedMeasurements: meter.observed().map(([key, value]) => ({ key, value })),
    availableSlots: slots - inFlight.size,
    inFlightMessages: inFlight.size,
  };
}

export interface Meter {
  started(id: string): void;
  ended(id: string): void;
  /** Items a second and items since the measurement before. */
  measure(totalItems: number): { totalItems: number; averagePerSecond: number; countSinceLastMeasurement: number };
  observed(): [key: string, milliseconds: number][];
}

const SAMPLES = 1000;
const PERCENTILES = [
  ['Quintile 1', 0],
  ['Quintile 2', 0.2],
  ['Quintile 3', 0.4],
  ['Quintile 4', 0.6],
  ['Quintile 5', 0.8],
  ['90%', 0.9],
  ['95%', 0.95],
  ['99%', 0.99],
  ['99.5%', 0.995],
  ['99.9%', 0.999],
] as const;

/** Rates, and with `extra` how long messages were out, as EventStoreDB's extra statistics have it. */
export function createMeter(now: () => number, extra: boolean): Meter {
  const out = new Map<string, number>();
  const samples: number[] = [];
  let next = 0;
  let lastTime = now();
  let lastItems = 0;

  return {
    started(id) {
      if (extra) out.set(id, now());
    },
    ended(id) {
      const start = out.get(id);
      if (start === undefined) return;
      out.delete(id);
      samples[next] = now() - start;
      next = (next + 1) % SAMPLES;
    },
    measure(totalItems) {
      const since = totalItems - lastItems;
      const seconds = (now() - lastTime) / 1000;
      lastTime = now();
      lastItems = totalItems;
      const averagePerSecond = seconds > 0 ? Math.floor(since / seconds) : 0;
      return { totalItems, averagePerSecond, countSinceLastMeasurement: since };
    },
    observed() {
      if (samples.length === 0) return [];
      const sorted = [...samples].sort((a, b) => a - b);
      const at = (share: number): number => sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
      const sum = sorted.reduce((total, value) => total + value, 0);
      return [
        ['Mean', Math.floor(sum / sorted.length)],
        ['Median', at(0.5)],
        ['Fastest', at(0)],
        ...PERCENTILES.map(([key, share]): [string, number] => [key, at(share)]),
        ['Highest', at(1)],
      ];
    },
  };
}
