import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  /** @param done orders so far */
  update(done: number): void;
  /** Gives the terminal back. */
  stop(): void;
}

const LINE_EVERY = 1000;

/** A bar on a terminal; elsewhere, where a bar would be noise, a line every thousand orders. */
export function createProgress(out: NodeJS.WriteStream | NodeJS.WritableStream, total: number): Progress {
  return 'isTTY' in out && out.isTTY ? createBar(out, total) : createLines(out, total);
}

function createBar(stream: NodeJS.WritableStream, total: number): Progress {
  const format = 'importing [{bar}] {percentage}% | {value}/{total} orders | {eta_formatted} left';
  const bar = new SingleBar({ stream, format, hideCursor: true, etaBuffer: 1000 }, Presets.legacy);
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}

function createLines(out: NodeJS.WritableStream, total: number): Progress {
  return {
    update(done) {
      if (done % LINE_EVERY === 0) out.write(`${done} of ${total} orders\n`);
    },
    stop: () => undefined,
  };
}
