import Type from 'typebox';
const Up = Type.Enum(['up', 'down'], { type: 'string' });
const ReadinessBody = Type.Object({
    status: Type.Enum(['ready', 'not ready'], { type: 'string' }),
    checks: Type.Object({ eventStore: Up, readModels: Up, projection: Type.String() }),
});
const tags = ['Operations'];
/** Liveness: the process answers. Readiness: it can do its work, stores and projection included. */
export const healthRoutes = (app, { readiness }, done) => {
    const status = Type.Object({ status: Type.Enum(['alive'], { type: 'string' }) });
    app.get('/health/live', {
        config: { rateLimit: false },
        schema: { tags, operationId: 'isLive', summary: 'Is the process alive?', response: { 200: status } },
    }, () => ({ status: 'alive' }));
    app.get('/health/ready', {
        config: { rateLimit: false },
        schema: {
            tags,
            operationId: 'isReady',
            summary: 'Can it serve: are both stores reachable, and does the projection consume?',
            response: { 200: ReadinessBody, 503: ReadinessBody },
        },
    }, async (_, reply) => {
        const { isReady, checks } = await readiness();
        if (!isReady)
            void reply.code(503).header('retry-after', '1');
        return { status: isReady ? 'ready' : 'not ready', checks };
    });
    done();
};
