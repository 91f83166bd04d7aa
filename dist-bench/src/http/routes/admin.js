import Type, {} from 'typebox';
import { StoppingError } from "../../read-models/admin.js";
import { READ_MODEL_NAMES } from "../../read-models/index.js";
import { UnknownReadModelError } from "../../read-models/read-model.js";
import { RebuildRunningError } from "../../read-models/rebuild/rebuild.js";
import { answers } from "../answers.js";
import { ProblemError, problems } from "../problems.js";
import { ParkedEvents, Projections, ref, ReplayedEvents, VerifiedReadModel } from "../schemas/schemas.js";
const tags = ['Administration'];
/** Any text, so that an unknown name is a thing that is not there rather than a malformed one. */
const ReadModelParams = Type.Object({
    name: Type.String({ description: `one of ${READ_MODEL_NAMES.join(', ')}` }),
});
/** The routes by which operators look after the read models. */
export const adminRoutes = (app, { admin }, done) => {
    app.get('/admin/projections', {
        schema: {
            tags,
            operationId: 'listProjections',
            summary: 'How far each read model is behind the log, what it is doing, and how its last rebuild went',
            response: answers({ 200: ref(Projections) }, [429, 500, 503]),
        },
    }, async () => ({ items: (await admin.status()).map(statusJson) }));
    app.get('/admin/parked', {
        schema: {
            tags,
            operationId: 'listParked',
            summary: 'Events that could not be projected and were not replayed since, oldest first',
            querystring: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }) }, { additionalProperties: false }),
            response: answers({ 200: ref(ParkedEvents) }, [400, 429, 500, 503]),
        },
    }, async ({ query }) => {
        const { items, total } = await admin.parked(query.limit);
        return { items: items.map(parkedJson), total };
    });
    app.post('/admin/parked/replay', {
        schema: {
            tags,
            operationId: 'replayParked',
            summary: 'Deliver the parked events again; one that still cannot be projected is parked again',
            response: answers({ 202: ref(ReplayedEvents) }, [400, 408, 413, 415, 429, 500, 503]),
        },
    }, async (_, reply) => {
        const { replayed } = await admin.replayParked();
        return reply.code(202).send({ replayed });
    });
    app.post('/admin/projections/:name/rebuild', {
        schema: {
            tags,
            operationId: 'rebuildProjection',
            summary: 'Build a read model anew from the log; the old one serves until then. Resumes an interrupted rebuild',
            params: ReadModelParams,
            response: answers({ 202: Type.Unsafe({ type: 'null', description: 'It runs; `Location` shows how far it is' }) }, [400, 404, 408, 409, 413, 415, 429, 500, 503]),
        },
    }, async ({ params }, reply) => {
        await admin.rebuild(params.name).catch(toProblemError);
        return reply.code(202).header('location', '/admin/projections').send(undefined);
    });
    app.post('/admin/projections/:name/verify', {
        schema: {
            tags,
            operationId: 'verifyProjection',
            summary: 'Compare every document of a read model with the log; `repair` writes what differs as it should be',
            params: ReadModelParams,
            querystring: Type.Object({ repair: Type.Boolean({ default: false }) }, { additionalProperties: false }),
            response: answers({ 200: ref(VerifiedReadModel) }, [400, 404, 408, 413, 415, 429, 500, 503]),
        },
    }, async ({ params, query }) => {
        const verified = admin.verify(params.name, query).catch(toProblemError);
        const { listed, ...result } = await verified;
        return { ...result, listed: listed.map(({ fields, ...difference }) => ({ ...difference, fields: [...fields] })) };
    });
    done();
};
function toProblemError(error) {
    if (error instanceof UnknownReadModelError)
        throw new ProblemError(problems.notFound(error.message));
    if (error instanceof RebuildRunningError)
        throw new ProblemError(problems.rebuildRunning(error.message));
    if (error instanceof StoppingError)
        throw new ProblemError(problems.unavailable('The service is stopping.'));
    throw error;
}
function statusJson({ rebuild, ...status }) {
    return {
        ...status,
        lag: { events: status.lag.events, seconds: Math.round(status.lag.seconds * 1000) / 1000 },
        rebuild: rebuild && {
            ...rebuild,
            startedAt: rebuild.startedAt.toISOString(),
            finishedAt: rebuild.finishedAt?.toISOString() ?? null,
        },
    };
}
function parkedJson({ parkedAt, ...parked }) {
    return { ...parked, parkedAt: parkedAt.toISOString() };
}
