import { Presets, SingleBar } from 'cli-progress';
const LINE_EVERY = 1000;
/** A bar on a terminal; elsewhere, where a bar would be noise, a line every thousand orders. */
export function createProgress(out, total) {
    return 'isTTY' in out && out.isTTY ? createBar(out, total) : createLines(out, total);
}
function createBar(stream, total) {
    const format = 'importing [{bar}] {percentage}% | {value}/{total} orders | {eta_formatted} left';
    const bar = new SingleBar({ stream, format, hideCursor: true, etaBuffer: 1000 }, Presets.legacy);
    bar.start(total, 0);
    return { update: (done) => bar.update(done), stop: () => bar.stop() };
}
function createLines(out, total) {
    return {
        update(done) {
            if (done % LINE_EVERY === 0)
                out.write(`${done} of ${total} orders\n`);
        },
        stop: () => undefined,
    };
}
