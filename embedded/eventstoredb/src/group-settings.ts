const STRATEGIES = ['DispatchToSingle', 'RoundRobin', 'Pinned'] as const;
export type StrategyName = (typeof STRATEGIES)[number];

export function isStrategy(name: string): name is StrategyName {
  return (STRATEGIES as readonly string[]).includes(name);
}

/** Settings of a persistent subscription group, as its creator gave them. */
export interface GroupSettings {
  readonly resolveLinks: boolean;
  /** First revision or position to deliver; -1: only what comes after the group. */
  readonly startFrom: number;
  readonly extraStatistics: boolean;
  /** Milliseconds. */
  readonly messageTimeout: number;
  readonly maxRetryCount: number;
  /** Milliseconds; 0: no checkpoints by time. */
  readonly checkpointAfter: number;
  readonly minCheckpointCount: number;
  readonly maxCheckpointCount: number;
  /** 0: any number. */
  readonly maxSubscriberCount: number;
  readonly liveBufferSize: number;
  readonly readBatchSize: number;
  readonly historyBufferSize: number;
  readonly strategy: StrategyName;
}

/** Why settings cannot be used, or undefined when they can. */
export function settingsMistake(settings: GroupSettings): string | undefined {
  const { readBatchSize, historyBufferSize } = settings;
  const counts = [
    ['readBatchSize', readBatchSize, 1],
    ['historyBufferSize', historyBufferSize, 1],
    ['liveBufferSize', settings.liveBufferSize, 0],
    ['messageTimeout', settings.messageTimeout, 0],
    ['maxRetryCount', settings.maxRetryCount, 0],
    ['checkpointAfter', settings.checkpointAfter, 0],
    ['minCheckpointCount', settings.minCheckpointCount, 0],
    ['maxCheckpointCount', settings.maxCheckpointCount, 0],
    ['maxSubscriberCount', settings.maxSubscriberCount, 0],
    ['startFrom', settings.startFrom, -1],
  ] as const;
  const small = counts.find(([, value, least]) => value < least);
  if (small !== undefined) return `${small[0]} must be at least ${small[2]}`;
  if (readBatchSize >= historyBufferSize) return 'ReadBatchSize may not be greater than or equal to BufferSize';
  return undefined;
}
