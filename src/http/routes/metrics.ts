import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Metrics } from '../../metrics.ts';

type RequestMetrics = Pick<Metrics, 'requestRecorder'>;

/** Of requests that no route took. */
const NO_ROUTE = 'none';

/**
 * Measures every request. Each route has a hook of its own that keeps what it has looked up, so that a request costs
 * no more than adding to a histogram.
 */
export function measureRequests(app: FastifyInstance, metrics: RequestMetrics): void {
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
    if (request.is404) recordNone(request, reply);
    done();
  });
}

function recorderOf(metrics: RequestMetrics, route: string): (request: FastifyRequest, reply: FastifyReply) => void {
  const recorders = new Map<string, Map<number, (seconds: number) => void>>();
  return ({ method }, { statusCode, elapsedTime }) => {
    let byStatus = recorders.get(method);
    if (!byStatus) {
      byStatus = new Map<number, (seconds: number) => void>();
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
export const metricsRoutes: FastifyPluginCallback<{ metrics: Pick<Metrics, 'text' | 'contentType'> }> = (
  app,
  { metrics },
  done,
) => {
  app.get(
    '/metrics',
    {
      config: { rateLimit: false },
      schema: {
        tags: ['Operations'],
        operationId: 'metrics',
        summary: 'Metrics in Prometheus’ text format',
        response: { 200: { description: 'Metrics', content: { 'text/plain': { schema: Type.String() } } } },
      },
    },
    async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()),
  );
  done();
};
