import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number): void;
  /** Gives the terminal back; again does nothing. */
  stop(): void;
}

export interface ProgressOptions {
  readonly total: number;
  /** Of a terminal's bar, in cli-progress's words. */
  readonly format: string;
  /** Done between two lines. */
  readonly lineEvery: number;
  readonly line: (done: number) => string;
}

/** A bar on a terminal; elsewhere, where a bar would be noise, a line now and then. */
export function createProgress(
  out: NodeJS.WriteStream | NodeJS.WritableStream,
  { total, format, lineEvery, line }: ProgressOptions,
): Progress {
  if ('isTTY' in out && out.isTTY) {
    const bar = new SingleBar({ stream: out, format, hideCursor: true, etaBuffer: 1000 }, Presets.legacy);
    const giveBack = () => bar.stop();
    process.once('exit', giveBack); // however it comes about
    bar.start(total, 0);
    return {
      update: (done) => bar.update(done),
      stop() {
        process.off('exit', giveBack);
        giveBack();
      },
    };
  }
  let next = lineEvery;
  return {
    update(done) {
      if (done < next) return;
      out.write(`${line(done)}\n`);
      next = done - (done % lineEvery) + lineEvery;
    },
    stop: () => undefined,
  };
}

export function percentage(what: string): ProgressOptions {
  return {
    total: 100,
    format: `${what} [{bar}] {percentage}% | {eta_formatted} left`,
    lineEvery: 10,
    line: (percent) => `${what}: ${percent}%`,
  };
}
