import { toLogEvent } from "../read-model.js";
/**
 * Projects the log, and writes one part of it while the next one is read and folded. When reading ends early, what was
 * read is written all the same.
 *
 * @param onWritten told how far everything is written
 * @throws what `pages`, the projection or `onWritten` throws
 */
export async function projectLog(pages, streamPrefix, projection, onWritten) {
    let writing = Promise.resolve();
    let events = 0;
    let begun = 0;
    let position;
    const [reading] = await Promise.allSettled([read()]);
    await writing;
    await write();
    if (reading.status === 'rejected')
        throw reading.reason;
    async function read() {
        for await (const page of pages) {
            await projection.add(page.events.map((event) => toLogEvent(streamPrefix, event)));
            events += page.events.length;
            position = page.position;
            if (!projection.isFull())
                continue;
            await writing;
            writing = write();
            writing.catch(() => undefined); // whoever waits for it next gets it
        }
    }
    async function write() {
        if (!position)
            return;
        const written = { events, documents: projection.begun() - begun, position };
        begun += written.documents;
        events = 0;
        position = undefined;
        await projection.write();
        await onWritten(written);
    }
}
