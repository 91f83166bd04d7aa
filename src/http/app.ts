import { randomUUID } from 'node:crypto';
import swagger, { type SwaggerOptions } from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import type { Access } from '../access/index.ts';
import type { Config } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import type { Tracing } from '../tracing/trace.ts';
import { guard, requireRules } from './access/guard.ts';
import { sessionRoutes } from './access/session-routes.ts';
import { liveRoutes, type LiveRoutesOptions } from './live/routes.ts';
import type { Streams } from './live/streams.ts';
import { pageRoutes } from './pages.ts';
import { publishedDocument } from './published-document.ts';
import { handleError } from './problems/answer.ts';
import { requirePreconditions } from './requests/preconditions.ts';
import { traceRequests } from './requests/tracing.ts';
import { adminRoutes, type AdminRoutesOptions } from './routes/admin.ts';
import { analyticsRoutes, type AnalyticsRoutesOptions } from './routes/analytics.ts';
import { auditRoutes, type AuditRoutesOptions } from './routes/audit.ts';
import { catalogueRoutes } from './routes/catalogue.ts';
import { customerRoutes, type CustomerRoutesOptions } from './routes/customers.ts';
import { healthRoutes, type HealthRoutesOptions } from './routes/health.ts';
import { historyRoutes, type HistoryRoutesOptions } from './routes/history.ts';
import { menuRoutes, type MenuRoutesOptions } from './routes/menu.ts';
import { measureRequests, metricsRoutes } from './routes/metrics.ts';
import { orderCommandRoutes, type OrderCommandRoutesOptions } from './routes/order-commands.ts';
import { orderQueryRoutes, type OrderQueryRoutesOptions } from './routes/order-queries.ts';
import { sharedSchemas } from './schemas/index.ts';
import { createAdmittingServer } from './server/admission.ts';
import { answerBrokenRequest } from './server/broken-requests.ts';
import { registerBodies } from './server/bytes.ts';
import { BODY_LIMIT } from './server/closing.ts';
import { registerContinue } from './server/expectation.ts';
import { clientAddress, registerGateway, trustOf } from './server/gateway.ts';
import { registerHeaders } from './server/headers.ts';
import { registerLimits } from './server/limits.ts';
import { registerNotFound } from './server/methods.ts';
import type { Pressure } from './server/pressure.ts';
import { securityHeaders } from './server/security-headers.ts';
import { createSerializerCompiler, createValidatorCompiler } from './server/validation.ts';
import { registerSwaggerUi } from './swagger-ui.ts';

/** What the routes need, and what the server does. */
export interface AppDependencies
  extends
    HealthRoutesOptions,
    OrderCommandRoutesOptions,
    OrderQueryRoutesOptions,
    HistoryRoutesOptions,
    AuditRoutesOptions,
    CustomerRoutesOptions,
    MenuRoutesOptions,
    AnalyticsRoutesOptions,
    LiveRoutesOptions {
  readonly log: FastifyBaseLogger;
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
  readonly limits: Pick<Config, 'maxInFlight' | 'rateLimitPerMinute' | 'trustProxy'>;
  readonly pressure: Pressure;
  /** Absent: nobody is asked who it is. */
  readonly access?: Access | undefined;
  readonly admin: AdminRoutesOptions['admin'] & LiveRoutesOptions['admin'];
  readonly streams: Streams;
  readonly pages: Config['pages'];
}

const SERVER_OPTIONS = {
  maxHeaderSize: 16 * 1024,
  keepAliveTimeout: 72_000,
  requireHostHeader: false, // registerHeaders asks for it, and says so in a problem
  // Node's three timers for slow clients only work together: alone, `requestTimeout` did not end one in 33 s.
  headersTimeout: 2000,
  requestTimeout: 2000,
  connectionsCheckingInterval: 500,
};

/**
 * The HTTP application: plugins, error handling, routes. It never listens by itself.
 * @param document options of the OpenAPI document: the one that is published, or how to make it of the routes
 */
export async function buildApp(
  dependencies: AppDependencies,
  document: SwaggerOptions = publishedDocument(),
): Promise<FastifyInstance> {
  const { limits, access, metrics } = dependencies;
  const trusts = limits.trustProxy && trustOf(limits.trustProxy);
  const app: FastifyInstance = Fastify({
    loggerInstance: dependencies.log,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomUUID(),
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: 500, ignoreTrailingSlash: false },
    trustProxy: trusts ?? false,
    // What comes on a kept connection meanwhile is the last of it, and answered as ever.
    return503OnClosing: false,
    clientErrorHandler: answerBrokenRequest,
    // No hook runs before these.
    frameworkErrors: (error, request, reply) => void handleError(error, request, named(request, reply)),
    serverFactory: (handle) =>
      createAdmittingServer(SERVER_OPTIONS, handle, {
        ...dependencies,
        maxInFlight: limits.maxInFlight,
        isStalled: () => app.isUnderPressure(),
      }),
  });

  for (const schema of sharedSchemas) app.addSchema(schema);
  app.setValidatorCompiler(createValidatorCompiler(sharedSchemas));
  app.setSerializerCompiler(createSerializerCompiler(sharedSchemas));
  app.setErrorHandler(handleError);
  traceRequests(app, dependencies.tracing);
  measureRequests(app, metrics);
  app.addHook('onRequest', (request, reply, done) => {
    void named(request, reply);
    done();
  });
  registerHeaders(app);
  requireRules(app);
  if (access) guard(app, access, metrics);
  registerNotFound(app);
  registerBodies(app);
  registerContinue(app);
  registerGateway(app, trusts);
  requirePreconditions(app);
  await registerLimits(app, limits.rateLimitPerMinute, (request) => request.identity?.id ?? clientAddress(request));

  await app.register(swagger, document);
  await registerSwaggerUi(app);
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());

  const typed = app.withTypeProvider<TypeBoxTypeProvider>();
  healthRoutes(typed, dependencies);
  orderCommandRoutes(typed, dependencies);
  orderQueryRoutes(typed, dependencies);
  historyRoutes(typed, dependencies);
  auditRoutes(typed, dependencies);
  customerRoutes(typed, dependencies);
  menuRoutes(typed, dependencies);
  catalogueRoutes(typed);
  analyticsRoutes(typed, dependencies);
  adminRoutes(typed, dependencies);
  liveRoutes(typed, dependencies);
  metricsRoutes(typed, dependencies);
  await pageRoutes(
    app,
    { ...dependencies.pages, currency: dependencies.currency },
    access ? (access.login ? 'login' : 'tokens') : 'open',
  );
  if (access) sessionRoutes(app, access);
  return app;
}

function named(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return reply.headers(securityHeaders).header('x-request-id', request.id);
}
