import type { Collection, Filter } from 'mongodb';
import type { AuditDocument } from './document.ts';
import { withTimeLimit } from '../database.ts';
import { inPeriod, type PageKey } from '../orders/queries.ts';

export interface AuditFilter {
  readonly type?: string;
  readonly actor?: string;
  readonly orderId?: string;
  /** Recorded at or after. */
  readonly from?: Date;
  /** Recorded before. */
  readonly to?: Date;
}

export type AuditQueries = ReturnType<typeof createAuditQueries>;

/** Reads of the `audit` read model; each throws ReadModelsUnavailableError. */
export function createAuditQueries({ audit }: { readonly audit: Collection<AuditDocument> }, timeLimitMs: number) {
  return {
    /** Newest first. A page starts after the last document of the previous one, so every page costs the same. */
    async list({ from, to, ...equal }: AuditFilter, limit: number, after?: PageKey): Promise<AuditDocument[]> {
      const filter: Filter<AuditDocument> = { ...equal, ...inPeriod('recordedAt', from, to, after) };
      return withTimeLimit(timeLimitMs, audit.find(filter).sort({ recordedAt: -1, _id: -1 }).limit(limit).toArray());
    },
  };
}
