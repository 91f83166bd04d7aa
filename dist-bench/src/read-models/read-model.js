import { decodeEvent } from "../eventstoredb/codec.js";
/** No read model has this name. */
export class UnknownReadModelError extends Error {
    name = 'UnknownReadModelError';
}
/** @throws UnknownReadModelError */
export function findReadModel(models, name) {
    const model = models.find((each) => each.name === name);
    if (model)
        return model;
    throw new UnknownReadModelError(`There is no read model ${name}, but ${models.map((each) => each.name).join(', ')}`);
}
/** A stream is named `{prefix}{category}-{id}`; of what is not, nothing is made. */
export function toLogEvent(streamPrefix, recorded) {
    const name = recorded.streamId.slice(streamPrefix.length);
    const dash = name.indexOf('-');
    let stored;
    return {
        category: name.slice(0, dash),
        id: name.slice(dash + 1),
        recorded,
        stored: () => (stored ??= decodeEvent(recorded)),
    };
}
/** Names of the streams that read models are made of begin with one of these. */
export function streamPrefixes(streamPrefix, models) {
    const categories = new Set(models.flatMap((model) => model.categories));
    return [...categories].map((category) => `${streamPrefix}${category}-`);
}
