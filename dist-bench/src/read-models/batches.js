/** Cuts into chunks of `size` values; the last may be smaller. */
export function chunksOf(values, size) {
    const chunks = [];
    for (let at = 0; at < values.length; at += size)
        chunks.push(values.slice(at, at + size));
    return chunks;
}
/** Runs `work` on each value, on at most so many at once; the first failure ends it once those under way have ended. */
export async function forEachOf(values, mostAtOnce, work) {
    const left = values.values();
    const failures = [];
    const workers = Array.from({ length: mostAtOnce }, async () => {
        for (const value of left) {
            await work(value).catch((error) => failures.push(error));
            if (failures.length > 0)
                return;
        }
    });
    await Promise.all(workers);
    if (failures.length > 0)
        throw failures[0];
}
/** Documents that are read and written together: few enough that this process has work while MongoDB works. */
export const DOCUMENTS_PER_WRITE = 250;
/** Few enough that reads by others find MongoDB free now and then, enough that it always has work. */
export const WRITES_AT_ONCE = 4;
