export interface VerifyRun {
  /** Whether to write the documents as they should be. */
  readonly repair: boolean;
  readonly signal?: AbortSignal;
  /** Documents held in memory per pass through the log. */
  readonly mostAtOnce?: number;
  /** Milliseconds without progress after which a document that is behind the log is a difference. */
  readonly settleMs?: number;
  /** Events that the read models are behind the log. */
  readonly lag?: () => Promise<number>;
  /** @param share of the work, 0 to 1 */
  readonly onProgress?: (share: number) => void;
}

/**
 * How a document differs from the fold of its stream: it is missing, has no stream, is at an earlier revision, or has
 * other fields at the same revision.
 */
export interface Difference {
  readonly id: string;
  readonly kind: 'missing' | 'extra' | 'behind' | 'different';
  /** Names of the fields that differ. */
  readonly fields: readonly string[];
}

export interface VerifyResult {
  /** The read model's name. */
  readonly name: string;
  /** Documents that were looked at, or looked for. */
  readonly checked: number;
  readonly differences: number;
  /** The first of the differences. */
  readonly listed: readonly Difference[];
  readonly repaired: number;
}

/** What a run has found so far. */
export interface Findings {
  checked: number;
  differences: number;
  readonly listed: Difference[];
  repaired: number;
}

const MOST_LISTED = 1000;

export function note(findings: Findings, difference: Difference, isRepaired: boolean): void {
  findings.differences += 1;
  if (isRepaired) findings.repaired += 1;
  if (findings.listed.length < MOST_LISTED) findings.listed.push(difference);
}

/** Which of `parts` an id belongs to (FNV-1a). */
export function partOf(id: string, parts: number): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < id.length; index += 1) hash = Math.imul(hash ^ id.charCodeAt(index), 16_777_619);
  return (hash >>> 0) % parts;
}
