import { randomUUID } from 'node:crypto';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { CustomerCommands } from '../commands/customer-commands.ts';
import type { OrderCommands } from '../commands/order-commands.ts';
import { adminRoutes } from './routes/admin.ts';
import { auditRoutes } from './routes/audit.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { customerRoutes } from './routes/customers.ts';
import { analyticsRoutes } from './routes/analytics.ts';
import { healthRoutes, type Readiness } from './routes/health.ts';
import { historyRoutes, type OrderHistory } from './routes/history.ts';
import { createAdmittingServer } from './server/admission.ts';
import { registerLimits } from './server/limits.ts';
import { menuRoutes } from './routes/menu.ts';
import { registerNotFound } from './server/methods.ts';
import { measureRequests, metricsRoutes } from './routes/metrics.ts';
import { openApiInfo } from './openapi/document.ts';
import { orderCommandRoutes } from './routes/order-commands.ts';
import { orderQueryRoutes } from './routes/order-queries.ts';
import { handleError } from './problems.ts';
import { answerBrokenRequest } from './server/broken-requests.ts';
import { sharedSchemas } from './schemas/schemas.ts';
import { securityHeaders } from './server/security-headers.ts';
import { createSerializerCompiler, createValidatorCompiler } from './server/validation.ts';
import type { Metrics } from '../metrics.ts';
import type { AnalyticsQueries } from '../read-models/analytics/queries.ts';
import type { AuditQueries } from '../read-models/audit/queries.ts';
import type { CustomerQueries } from '../read-models/customers/queries.ts';
import type { MenuStore } from '../read-models/menu/store.ts';
import type { OrderQueries } from '../read-models/orders/queries.ts';
import type { Pressure } from './server/pressure.ts';
import type { ProjectionAdmin } from '../read-models/admin.ts';

export interface Limits {
  /** Requests worked on at the same time. */
  readonly maxInFlight: number;
  /** Requests per minute and client address; undefined: no limit. */
  readonly rateLimitPerMinute: number | undefined;
}

export interface AppDependencies {
  readonly log: FastifyBaseLogger;
  readonly commands: OrderCommands;
  readonly orders: OrderQueries;
  readonly history: OrderHistory;
  readonly audit: AuditQueries;
  readonly customerCommands: CustomerCommands;
  readonly customers: CustomerQueries;
  readonly menu: MenuStore;
  readonly currency: string;
  readonly analytics: AnalyticsQueries;
  readonly admin: ProjectionAdmin;
  readonly metrics: Metrics;
  readonly readiness: () => Promise<Readiness>;
  readonly limits: Limits;
  readonly pressure: Pressure;
}

const BODY_LIMIT = 256 * 1024;
const SERVER_OPTIONS = {
  maxHeaderSize: 16 * 1024,
  keepAliveTimeout: 72_000,
  // Node's three timers for slow clients only work together: alone, `requestTimeout` did not end one in 33 s.
  headersTimeout: 2000,
  requestTimeout: 2000,
  connectionsCheckingInterval: 500,
};

/** The HTTP application: plugins, error handling, routes. It never listens by itself. */
export async function buildApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const { limits } = dependencies;
  const app: FastifyInstance = Fastify({
    loggerInstance: dependencies.log,
    logController: new LogController({ disableRequestLogging: true }),
    // A logger for each request would cost more than the few lines that need one; those name the request themselves.
    childLoggerFactory: (logger) => logger,
    genReqId: () => randomUUID(),
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: false },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (error, request, reply) => void handleError(error, request, reply),
    serverFactory: (handle) =>
      createAdmittingServer(SERVER_OPTIONS, handle, {
        ...dependencies,
        maxInFlight: limits.maxInFlight,
        isStalled: () => app.isUnderPressure(),
      }),
  });

  app.removeContentTypeParser('text/plain');
  for (const schema of sharedSchemas) app.addSchema(schema);
  app.setValidatorCompiler(createValidatorCompiler(sharedSchemas));
  app.setSerializerCompiler(createSerializerCompiler(sharedSchemas));
  app.setErrorHandler(handleError);
  registerNotFound(app);
  measureRequests(app, dependencies.metrics);
  const headers = await securityHeaders();
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers(headers).header('x-request-id', request.id);
    done();
  });
  await registerLimits(app, limits.rateLimitPerMinute);

  await app.register(swagger, openApiInfo);
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });

  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  await app.register(healthRoutes, { readiness: dependencies.readiness });
  await app.register(orderCommandRoutes, { commands: dependencies.commands });
  await app.register(orderQueryRoutes, { orders: dependencies.orders, pressure: dependencies.pressure });
  await app.register(historyRoutes, { history: dependencies.history });
  await app.register(auditRoutes, { audit: dependencies.audit });
  await app.register(customerRoutes, {
    commands: dependencies.customerCommands,
    customers: dependencies.customers,
    pressure: dependencies.pressure,
  });
  await app.register(menuRoutes, { menu: dependencies.menu, currency: dependencies.currency });
  await app.register(catalogueRoutes);
  await app.register(analyticsRoutes, { analytics: dependencies.analytics });
  await app.register(adminRoutes, { admin: dependencies.admin });
  await app.register(metricsRoutes, { metrics: dependencies.metrics });
  return app;
}
