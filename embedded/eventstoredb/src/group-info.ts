import type { GroupDefinition } from './group-config.ts';

interface ConnectionInfo {
  readonly name: string;
  readonly totalItems: number;
  readonly perSecond: number;
  readonly since: number;
  readonly observed: readonly (readonly [key: string, milliseconds: number])[];
  readonly availableSlots: number;
  readonly inFlight: number;
}

/** Statistics of a group, for `GetInfo` and `List`. */
export interface GroupInfo {
  readonly definition: GroupDefinition;
  readonly status: 'Live' | 'Behind';
  readonly connections: readonly ConnectionInfo[];
  readonly perSecond: number;
  readonly since: number;
  readonly totalItems: number;
  /** Revision or position as text; empty before the first. */
  readonly lastCheckpointed: string;
  readonly lastKnown: string;
  readonly readBuffer: number;
  /** The last events that came while the group was live, whatever has become of them: EventStoreDB keeps them. */
  readonly liveBuffer: number;
  readonly retryBuffer: number;
  readonly inFlight: number;
  readonly outstanding: number;
  readonly parked: number;
}

export interface Meter {
  started(id: string): void;
  ended(id: string): void;
  /** Items a second and items since the measurement before. */
  measure(totalItems: number): { perSecond: number; since: number };
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
      return { perSecond: seconds > 0 ? Math.floor(since / seconds) : 0, since };
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
