/** Median of the rounds, with the least and the greatest. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), least: sorted[0] ?? Number.NaN, most: sorted.at(-1) ?? Number.NaN };
}

/** @param sorted ascending */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

const RESAMPLES = 2000;

/** Where 90 % of the ratio of two geometric means lie when both sides are drawn anew from their own values (bootstrap). */
export function intervalOfRatio(values: readonly number[], to: readonly number[]): { least: number; most: number } {
  const draw = (from: readonly number[]) => from.map(() => from[Math.floor(Math.random() * from.length)] ?? Number.NaN);
  const ratios = Array.from({ length: RESAMPLES }, () => geometricMean(draw(values)) / geometricMean(draw(to)));
  ratios.sort((a, b) => a - b);
  return { least: quantile(ratios, 0.05), most: quantile(ratios, 0.95) };
}
