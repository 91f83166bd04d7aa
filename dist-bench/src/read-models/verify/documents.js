import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { MongoBulkWriteError } from 'mongodb';
import { isOnlyDuplicates } from "../errors.js";
import { chunksOf } from "../batches.js";
import { endOfLog, readLog } from "../log-reader.js";
import { note, partOf } from "./findings.js";
const LOOK_AGAIN_MS = 100;
const PAGE = 500;
/** Of repairs that other writers were faster than. */
const MOST_REPAIRS = 5;
/**
 * Goes through the log once for each part of the documents, so that only so many are held in memory, folds it and
 * compares. What seems to differ is looked at again on its own: the log and the documents went on meanwhile.
 */
export async function verifyDocuments(options, model, run, findings) {
    const parts = Math.max(1, Math.ceil((await model.collection.estimatedDocumentCount()) / run.mostAtOnce));
    for (let part = 0; part < parts; part += 1) {
        const isMine = (id) => parts === 1 || partOf(id, parts) === part;
        const folds = await foldLog(options, model, isMine, run, (share) => run.onProgress((part + share) / parts));
        const settledBy = performance.now() + run.settleMs;
        const open = await compareAll(model, folds, isMine, run.signal, findings);
        for (const some of chunksOf(open, PAGE))
            await settle(model, some, folds, settledBy, run, findings);
    }
}
async function foldLog({ client }, model, isMine, { signal }, onProgress) {
    const head = Number((await endOfLog(client))?.commit ?? 1);
    const folds = new Map();
    for await (const { events, position } of readLog(client, model.prefixes)) {
        signal.throwIfAborted();
        for (const event of events) {
            const id = model.idOf(event);
            if (id === undefined || !isMine(id))
                continue;
            const folded = model.fold(folds.get(id), event);
            if (folded !== undefined)
                folds.set(id, folded);
        }
        onProgress(Math.min(1, Number(position.commit) / head));
    }
    return folds;
}
/** @returns the ids of what seems to differ; the folds of the rest are let go */
async function compareAll(model, folds, isMine, signal, findings) {
    const open = new Set();
    for await (const page of documentsOf(model)) {
        signal.throwIfAborted();
        const mine = page.filter(({ _id }) => isMine(_id));
        findings.checked += mine.length;
        const known = new Map(mine.flatMap(({ _id }) => entryOf(folds, _id)));
        const expected = await model.expect(known);
        for (const document of mine) {
            const wanted = expected.get(document._id);
            if (wanted && differingFields(model, wanted, document).length === 0)
                folds.delete(document._id);
            else
                open.add(document._id);
        }
    }
    const missing = [...folds.keys()].filter((id) => !open.has(id));
    findings.checked += missing.length;
    return [...open, ...missing];
}
/** By pages in the order of ids rather than by one cursor, which a rebuild's swap would end. */
async function* documentsOf({ collection }) {
    let after;
    for (;;) {
        const filter = (after === undefined ? {} : { _id: { $gt: after } });
        const page = (await collection.find(filter).sort({ _id: 1 }).limit(PAGE).toArray());
        if (page.length > 0)
            yield page;
        if (page.length < PAGE)
            return;
        after = page.at(-1)?._id;
    }
}
async function settle(model, ids, folds, settledBy, { repair, signal, settleMs }, findings) {
    const lagsUntil = performance.now() + settleMs;
    let verdicts = await judge(model, ids, folds);
    while (verdicts.some(({ difference }) => performance.now() < mayHealUntil(difference))) {
        await delay(LOOK_AGAIN_MS);
        signal.throwIfAborted();
        verdicts = await judge(model, idsOf(verdicts), folds);
    }
    for (let tries = 1; repair && verdicts.length > 0 && tries <= MOST_REPAIRS; tries += 1) {
        await repairAll(model, verdicts);
        const left = await judge(model, idsOf(verdicts), folds);
        const open = new Set(idsOf(left));
        for (const { id, difference } of verdicts)
            if (!open.has(id))
                note(findings, difference, true);
        verdicts = left;
    }
    for (const { difference } of verdicts)
        note(findings, difference, false);
    /** A document that is wrong at the revision that it shows, or has no stream, is not made right by what comes. */
    function mayHealUntil({ kind, fields }) {
        if (kind === 'missing' || kind === 'behind')
            return settledBy;
        return fields.length > 0 && fields.every((field) => model.lagging?.has(field)) ? lagsUntil : 0;
    }
}
function idsOf(verdicts) {
    return verdicts.map(({ id }) => id);
}
/** Looks at documents again, folding on to what they have seen; those that are as they should be drop out. */
async function judge(model, ids, folds) {
    if (ids.length === 0)
        return [];
    const filter = { _id: { $in: ids } };
    const present = (await model.collection.find(filter).toArray());
    const documents = new Map(present.map((document) => [document._id, document]));
    const pairs = [];
    for (const id of ids) {
        const document = documents.get(id);
        const fold = await model.foldOn({ id, fold: folds.get(id), document });
        if (fold !== undefined)
            folds.set(id, fold);
        pairs.push({ id, fold, document });
    }
    const expected = await model.expect(new Map(ids.flatMap((id) => entryOf(folds, id))));
    return pairs.flatMap((pair) => {
        const difference = compare(model, pair, expected.get(pair.id));
        return difference ? [{ ...pair, expected: expected.get(pair.id), difference }] : [];
    });
}
function compare(model, { id, document }, expected) {
    if (!expected)
        return document && { id, kind: 'extra', fields: [] };
    if (!document)
        return { id, kind: 'missing', fields: [] };
    const fields = differingFields(model, expected, document);
    if (fields.length === 0)
        return undefined;
    const isBehind = (model.revisionOf(document) ?? 0) < (model.revisionOf(expected) ?? 0);
    return { id, kind: isBehind ? 'behind' : 'different', fields };
}
function differingFields({ ignored }, expected, actual) {
    const wanted = new Map(Object.entries(expected));
    const present = new Map(Object.entries(actual));
    return [...new Set([...wanted.keys(), ...present.keys()])]
        .filter((field) => !isDeepStrictEqual(wanted.get(field), present.get(field)))
        .filter((field) => !ignored?.(field, wanted.get(field), present.get(field)))
        .sort();
}
/** Writes documents as they should be, but for those that somebody else has written since they were read. */
async function repairAll(model, verdicts) {
    const writes = verdicts.map(({ document, expected }) => {
        if (!document)
            return { insertOne: { document: expected } };
        const filter = model.guard(document);
        return expected ? { replaceOne: { filter, replacement: expected } } : { deleteOne: { filter } };
    });
    try {
        await model.collection.bulkWrite(writes, { ordered: false });
    }
    catch (error) {
        if (!(error instanceof MongoBulkWriteError) || !isOnlyDuplicates(error))
            throw error;
    }
    await model.afterRepair(verdicts.flatMap(({ expected }) => expected ?? []));
}
function entryOf(folds, id) {
    const fold = folds.get(id);
    return fold === undefined ? [] : [[id, fold]];
}
