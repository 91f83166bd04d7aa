import type { Int64 } from '../wire/messages.ts';

/** In the order of their numbers in the protocol. */
const STRATEGIES = ['DispatchToSingle', 'RoundRobin', 'Pinned'] as const;
export type StrategyName = (typeof STRATEGIES)[number];

/** Settings of a persistent subscription group, under the names that EventStoreDB stores them with. */
export interface GroupSettings {
  readonly resolveLinkTos: boolean;
  readonly extraStatistics: boolean;
  /** Milliseconds. */
  readonly messageTimeout: number;
  readonly maxRetryCount: number;
  /** Milliseconds; 0: no checkpoints by time. */
  readonly checkPointAfter: number;
  readonly minCheckPointCount: number;
  readonly maxCheckPointCount: number;
  /** 0: any number. */
  readonly maxSubscriberCount: number;
  readonly liveBufferSize: number;
  readonly readBatchSize: number;
  readonly historyBufferSize: number;
  readonly namedConsumerStrategy: StrategyName;
}

export interface SettingsMessage {
  readonly resolveLinks: boolean;
  readonly revision: Int64;
  readonly extraStatistics: boolean;
  readonly maxRetryCount: number;
  readonly minCheckpointCount: number;
  readonly maxCheckpointCount: number;
  readonly maxSubscriberCount: number;
  readonly liveBufferSize: number;
  readonly readBatchSize: number;
  readonly historyBufferSize: number;
  readonly namedConsumerStrategy: number;
  readonly messageTimeoutMs: number;
  readonly messageTimeoutTicks: Int64;
  readonly checkpointAfterMs: number;
  readonly checkpointAfterTicks: Int64;
  readonly consumerStrategy: string;
}

const TICKS_PER_MILLISECOND = 10_000;

/** The settings of a request, or why they cannot be used. */
export function readSettings(message: SettingsMessage): GroupSettings | string {
  const name = message.consumerStrategy || String(STRATEGIES[message.namedConsumerStrategy]);
  const namedConsumerStrategy = STRATEGIES.find((strategy) => strategy === name);
  if (namedConsumerStrategy === undefined) return `Consumer strategy ${name} does not exist.`;
  const { readBatchSize, historyBufferSize } = message;
  const numbers = {
    messageTimeout: message.messageTimeoutMs + message.messageTimeoutTicks.toNumber() / TICKS_PER_MILLISECOND,
    maxRetryCount: message.maxRetryCount,
    checkPointAfter: message.checkpointAfterMs + message.checkpointAfterTicks.toNumber() / TICKS_PER_MILLISECOND,
    minCheckPointCount: message.minCheckpointCount,
    maxCheckPointCount: message.maxCheckpointCount,
    maxSubscriberCount: message.maxSubscriberCount,
    liveBufferSize: message.liveBufferSize,
    readBatchSize,
    historyBufferSize,
  };
  const negative = Object.entries(numbers).find(([, value]) => value < 0);
  if (negative !== undefined) return `${negative[0]} must not be negative`;
  if (readBatchSize === 0) return 'readBatchSize must be at least 1';
  if (readBatchSize >= historyBufferSize) return 'ReadBatchSize may not be greater than or equal to BufferSize';
  const { resolveLinks, extraStatistics } = message;
  return { ...numbers, resolveLinkTos: resolveLinks, extraStatistics, namedConsumerStrategy };
}
