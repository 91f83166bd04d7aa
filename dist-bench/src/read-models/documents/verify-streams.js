import { EMPTY, foldNext } from "./fold.js";
const PAGE = 500;
/** How the documents of streams are verified: each equals the fold of its stream. */
export function streamVerification(model, context) {
    const { joined } = model;
    const collection = context.db.collection(model.name);
    const prefix = context.streams.streamOf(model.category, '');
    const fold = (before = EMPTY, event) => foldNext(model.evolve, before, event);
    return {
        collection,
        prefixes: [prefix],
        idOf: ({ streamId }) => (streamId.startsWith(prefix) ? streamId.slice(prefix.length) : undefined),
        fold,
        foldOn,
        async expect(folds) {
            const states = [...folds.values()].flatMap(({ state }) => state ?? []);
            const join = await joined?.load(context, states);
            const documentOf = (id, { state, revision, stall }) => {
                const fields = { ...(state !== undefined && model.toFields(state)), ...join?.(state) };
                return { _id: id, revision, ...fields, ...(stall && { stalled: stall }) };
            };
            return new Map([...folds].map(([id, folded]) => [id, documentOf(id, folded)]));
        },
        revisionOf: ({ revision }) => revision,
        ignored: (field, expected, actual) => field === 'stalled' && expected?.revision === actual?.revision,
        lagging: new Set(joined?.fields),
        guard(document) {
            const fields = Object.entries(document).filter(([name]) => joined?.fields.includes(name));
            const { _id, revision } = document;
            return { _id, revision, ...Object.fromEntries(fields) };
        },
        async afterRepair(expected) {
            const states = expected.filter(({ revision }) => revision >= 0).map((document) => model.toState(document));
            await model.saved?.(context, collection, { states, begun: states });
        },
    };
    /** Reads the stream on to what the document shows, where that is later. */
    async function foldOn({ id, fold: before, document }) {
        const wanted = Math.max(document?.revision ?? -1, 0);
        const seen = before?.revision ?? -1;
        if (!document || (before && document.revision <= seen))
            return before;
        let folded = before;
        for (let from = seen + 1; from <= wanted;) {
            const maxCount = Math.min(PAGE, wanted - from + 1);
            const events = await context.streams.readRecorded(`${prefix}${id}`, { from, maxCount });
            if (events.length === 0)
                break;
            for (const event of events)
                folded = fold(folded, event);
            from += events.length;
        }
        return folded;
    }
}
