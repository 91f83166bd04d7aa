import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import type { Metrics } from '../../metrics.ts';
import { isStream } from '../server/admission.ts';
import type { App } from './app.ts';

const OPEN_METRICS = 'application/openmetrics-text';
const text = { schema: Type.String() };

/**
 * Measures every request, by its route; those that no route takes count together. How long a stream was open is not how
 * long an answer took.
 */
export function measureRequests(app: FastifyInstance, metrics: Pick<Metrics, 'requestTook'>): void {
  app.addHook('onResponse', ({ method, is404, routeOptions, trace }, { statusCode: status, elapsedTime }, done) => {
    const route = is404 ? 'none' : (routeOptions.url ?? 'none');
    if (isStream(route) && status === 200) return done();
    metrics.requestTook({ method, route, status }, elapsedTime / 1000, trace);
    done();
  });
}

/** The figures for Prometheus. They are served whatever becomes of the stores. */
export function metricsRoutes(app: App, { metrics }: { readonly metrics: Pick<Metrics, 'text'> }): void {
  app.get(
    '/metrics',
    {
      config: { rateLimit: false },
      schema: {
        tags: ['Operations'],
        operationId: 'metrics',
        summary: 'Metrics in Prometheus’ text format, or in OpenMetrics’, which has exemplars',
        response: { 200: { description: 'Metrics', content: { 'text/plain': text, [OPEN_METRICS]: text } } },
      },
    },
    async ({ headers }, reply) => {
      const { type, body } = await metrics.text(headers.accept?.includes(OPEN_METRICS) ?? false);
      return reply.type(type).header('vary', 'accept').send(body);
    },
  );
}
