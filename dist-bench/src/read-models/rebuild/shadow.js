import { MongoServerError } from 'mongodb';
import { readLog } from "../log-reader.js";
import { createIndexes, fromStored, toStored } from "../database.js";
import { streamPrefixes } from "../read-model.js";
import { projectTogether } from "../together.js";
import { projectLog } from "./project-log.js";
const NAMESPACE_NOT_FOUND = 26;
/**
 * Fills a new collection from the log while the old one serves and is projected into, lets it replace the old one, and
 * then brings it up to date with what was written into the old one meanwhile: by reading on from where the filling
 * stopped to the end that the log has after the swap. Projections are guarded by revisions, so none is counted twice.
 *
 * @throws Error when documents are missing in the end; the old collection stays
 */
export async function rebuildByShadow(rebuilding) {
    const { context, model, models, lease } = rebuilding;
    const shadow = context.db.collection(`${model.name}_rebuild`);
    const isFilling = lease.state().phase === 'filling';
    if (isFilling)
        await fill(rebuilding, shadow);
    if (!isFilling && (await isSwapped(shadow, lease)))
        await shadow.drop();
    else
        await swap(rebuilding, shadow);
    await model.replaced?.(context);
    const projection = projectTogether(models, (each) => each.project(context, each.name));
    await projectLog(pages(rebuilding, models), context.streamPrefix, projection, async ({ events, position }) => {
        await lease.save({ position: toStored(position), events: lease.state().events + events });
    });
}
async function fill(rebuilding, shadow) {
    const { context, model, lease } = rebuilding;
    if (lease.state().position === null) {
        await shadow.drop();
        await context.db.createCollection(shadow.collectionName);
        await createIndexes(shadow, model.indexes);
    }
    const projection = model.project(context, shadow.collectionName);
    await projectLog(pages(rebuilding, [model]), context.streamPrefix, projection, async (written) => {
        const { events, streams } = lease.state();
        await lease.save({
            position: toStored(written.position),
            events: events + written.events,
            streams: streams + written.documents,
        });
    });
    const documents = await shadow.countDocuments({});
    const { streams } = lease.state();
    if (documents !== streams)
        throw new Error(`${documents} documents were made, not ${streams}: the old ones stay`);
    await lease.save({ phase: 'swapping', documents });
}
/** After a crash: fewer than were counted are a slow process's last writes, since the rest has taken its place. */
async function isSwapped(shadow, lease) {
    return (await shadow.countDocuments({})) < lease.state().documents;
}
/** Also where a process died in the middle of it. */
async function swap({ context, model, lease }, shadow) {
    try {
        await lease.save({});
        await shadow.rename(model.name, { dropTarget: true });
    }
    catch (error) {
        if (!(error instanceof MongoServerError) || error.code !== NAMESPACE_NOT_FOUND)
            throw error;
    }
    context.log.info({ readModel: model.name, documents: lease.state().documents }, 'the rebuilt read model serves');
}
/** What the log has after the rebuild's position. */
async function* pages({ context: { client, streamPrefix }, lease, signal }, models) {
    const { position } = lease.state();
    const from = position === null ? undefined : fromStored(position);
    for await (const page of readLog(client, streamPrefixes(streamPrefix, models), from)) {
        signal.throwIfAborted();
        yield page;
    }
}
