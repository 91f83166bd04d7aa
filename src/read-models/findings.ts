export interface VerifyRun {
  /** Whether to write the documents as they should be. */
  readonly repair: boolean;
  readonly signal?: AbortSignal;
  /** Documents held in memory per pass through the log. */
  readonly mostAtOnce?: number;
  /** Milliseconds to wait for what may come right by itself, once the read model has stopped moving. */
  readonly settleMs?: number;
  readonly reached?: () => Promise<Reached>;
  /** @param share of the work, 0 to 1 */
  readonly onProgress?: (share: number) => void;
}

/** How far a read model has come. */
export interface Reached {
  /** Events of the log not yet projected. */
  readonly events: number;
  /** Commit position up to which all is projected, as far as it is known. */
  readonly position: number | null;
}

/** What could not be judged, because the read model stands still before the position that was read. */
export interface Behind extends Reached {
  /** Documents that differ as they do while events are not yet projected. */
  readonly documents: number;
  /** Commit position up to which the log was read. */
  readonly head: number;
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
  /** null: the read model has reached the position that was read. */
  readonly behind: Behind | null;
}

/** What a run has found so far. */
export interface Findings {
  checked: number;
  differences: number;
  readonly listed: Difference[];
  repaired: number;
  behind: Behind | null;
}

const MOST_LISTED = 1000;

export function note(findings: Findings, difference: Difference, isRepaired: boolean): void {
  findings.differences += 1;
  if (isRepaired) findings.repaired += 1;
  if (findings.listed.length < MOST_LISTED) findings.listed.push(difference);
}

/** Notes documents whose events are not yet projected: no differences, since they may come right by themselves. */
export function noteBehind(findings: Findings, documents: number, reached: Reached, head: number): void {
  if (documents > 0) findings.behind = { ...reached, head, documents: (findings.behind?.documents ?? 0) + documents };
}

/** Which of `parts` an id belongs to (FNV-1a). */
export function partOf(id: string, parts: number): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < id.length; index += 1) hash = Math.imul(hash ^ id.charCodeAt(index), 16_777_619);
  return (hash >>> 0) % parts;
}
