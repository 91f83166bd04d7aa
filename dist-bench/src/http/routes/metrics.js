import Type from 'typebox';
import { answers } from "../answers.js";
/** Of requests that no route took. */
const NO_ROUTE = 'none';
/**
 * Measures every request. Each route has a hook of its own that keeps what it has looked up, so that a request costs
 * no more than adding to a histogram.
 */
export function measureRequests(app, metrics) {
    app.addHook('onRoute', (route) => {
        const record = recorderOf(metrics, route.url);
        const others = route.onResponse === undefined ? [] : [route.onResponse].flat();
        route.onResponse = [
            ...others,
            (request, reply, done) => {
                record(request, reply);
                done();
            },
        ];
    });
    const recordNone = recorderOf(metrics, NO_ROUTE);
    app.addHook('onResponse', (request, reply, done) => {
        if (request.is404)
            recordNone(request, reply);
        done();
    });
}
function recorderOf(metrics, route) {
    const recorders = new Map();
    return ({ method }, { statusCode, elapsedTime }) => {
        let byStatus = recorders.get(method);
        if (!byStatus) {
            byStatus = new Map();
            recorders.set(method, byStatus);
        }
        let record = byStatus.get(statusCode);
        if (!record) {
            record = metrics.requestRecorder(method, route, statusCode);
            byStatus.set(statusCode, record);
        }
        record(elapsedTime / 1000);
    };
}
/** The figures for Prometheus. They are served whatever becomes of the stores. */
export const metricsRoutes = (app, { metrics }, done) => {
    app.get('/metrics', {
        config: { rateLimit: false },
        schema: {
            tags: ['Operations'],
            operationId: 'metrics',
            summary: 'Metrics in Prometheus’ text format',
            response: answers({ 200: { description: 'Metrics', content: { 'text/plain': { schema: Type.String() } } } }, [503]),
        },
    }, async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()));
    done();
};
