import { Presets, SingleBar } from 'cli-progress';

export interface Percentage {
  /** @param percent 0 to 100 */
  update(percent: number): void;
  /** Gives the terminal back; again does nothing. */
  stop(): void;
}

const LINE_EVERY_PERCENT = 10;

/** A bar on a terminal; elsewhere, where a bar would be noise, a line every ten percent. */
export function createPercentage(out: NodeJS.WriteStream | NodeJS.WritableStream, what: string): Percentage {
  return 'isTTY' in out && out.isTTY ? createBar(out, what) : createLines(out, what);
}

function createBar(stream: NodeJS.WritableStream, what: string): Percentage {
  const format = `${what} [{bar}] {percentage}% | {eta_formatted} left`;
  const bar = new SingleBar({ stream, format, hideCursor: true }, Presets.legacy);
  bar.start(100, 0);
  return { update: (percent) => bar.update(percent), stop: () => bar.stop() };
}

function createLines(out: NodeJS.WritableStream, what: string): Percentage {
  let next = LINE_EVERY_PERCENT;
  return {
    update(percent) {
      if (percent < next) return;
      out.write(`${what}: ${percent}%\n`);
      next = percent - (percent % LINE_EVERY_PERCENT) + LINE_EVERY_PERCENT;
    },
    stop: () => undefined,
  };
}
