import { createIndexes, fromStored, readModelStates, toStored } from "../database.js";
import { readLog } from "../log-reader.js";
import { streamPrefixes } from "../read-model.js";
import { projectTogether } from "../together.js";
import { projectLog } from "./project-log.js";
/**
 * Creates the indexes, and builds from the log the read models that are missing: in a new database, in a lost one, or
 * since the code has a new one. It goes on where an interrupted run stopped, and several instances may do it at once.
 * Read models of another version than the code's are rebuilt beside the old ones, which serve until then.
 */
export async function prepareReadModels(context, models, rebuilds) {
    await rebuilds.finishSwaps();
    await Promise.all(models.map(({ name, indexes }) => createIndexes(context.db.collection(name), indexes)));
    const found = await readModelStates(context.db)
        .find({ _id: { $in: models.map(({ name }) => name) } })
        .toArray();
    const states = new Map(found.map((state) => [state._id, state]));
    for (const model of models) {
        const state = states.get(model.name);
        if (!state || state.version === model.version)
            continue;
        await rebuilds.ensure(model.name, (last) => (last?.finishedAt ?? 0) > state.builtAt);
        await save(context, [model]);
    }
    const missing = models.filter(({ name }) => !states.has(name) || states.get(name)?.position !== undefined);
    if (missing.length > 0)
        await build(context, missing, states);
}
async function build(context, missing, states) {
    const { client, streamPrefix, log } = context;
    const started = Date.now();
    let events = 0;
    // They are built together: where one has not begun, all begin.
    const positions = missing.map(({ name }) => states.get(name)?.position);
    const from = positions.includes(undefined) ? undefined : positions[0];
    const pages = readLog(client, streamPrefixes(streamPrefix, missing), from && fromStored(from));
    const projection = projectTogether(missing, (model) => model.project(context, model.name));
    await projectLog(pages, streamPrefix, projection, async (written) => {
        events += written.events;
        await save(context, missing, { position: toStored(written.position) });
    });
    await save(context, missing);
    log.info({ readModels: missing.map(({ name }) => name), events, ms: Date.now() - started }, 'built from the log');
}
async function save({ db }, models, progress = {}) {
    const writes = models.map(({ name, version }) => ({
        replaceOne: { filter: { _id: name }, replacement: { version, builtAt: new Date(), ...progress }, upsert: true },
    }));
    await readModelStates(db).bulkWrite(writes);
}
