import { Presets, SingleBar } from 'cli-progress';
const LINE_EVERY_PERCENT = 10;
/** A bar on a terminal; elsewhere, where a bar would be noise, a line every ten percent. */
export function createPercentage(out, what) {
    return 'isTTY' in out && out.isTTY ? createBar(out, what) : createLines(out, what);
}
function createBar(stream, what) {
    const format = `${what} [{bar}] {percentage}% | {eta_formatted} left`;
    const bar = new SingleBar({ stream, format, hideCursor: true }, Presets.legacy);
    bar.start(100, 0);
    return { update: (percent) => bar.update(percent), stop: () => bar.stop() };
}
function createLines(out, what) {
    let next = LINE_EVERY_PERCENT;
    return {
        update(percent) {
            if (percent < next)
                return;
            out.write(`${what}: ${percent}%\n`);
            next = percent - (percent % LINE_EVERY_PERCENT) + LINE_EVERY_PERCENT;
        },
        stop: () => undefined,
    };
}
