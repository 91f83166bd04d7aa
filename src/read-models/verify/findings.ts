export interface VerifyRun {
  /** Whether to write the documents as they should be. */
  readonly repair: boolean;
  readonly signal?: AbortSignal;
  /** Documents of which the log is gone through once, so that so many are held in memory. */
  readonly mostAtOnce?: number;
  /** Milliseconds for which what follows the log may be behind it before that is a difference. */
  readonly settleMs?: number;
  /** @param share of the work, 0 to 1 */
  readonly onProgress?: (share: number) => void;
}

/**
 * How a document is not the fold of its stream: not there, there without a stream, at an earlier revision, or at the
 * same one with other fields.
 */
export interface Difference {
  readonly id: string;
  readonly kind: 'missing' | 'extra' | 'behind' | 'different';
  /** Those that differ. */
  readonly fields: readonly string[];
}

export interface VerifyResult {
  /** Of the read model. */
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
