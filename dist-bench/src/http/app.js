import { randomUUID } from 'node:crypto';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import Fastify, { LogController } from 'fastify';
import { adminRoutes } from "./routes/admin.js";
import { auditRoutes } from "./routes/audit.js";
import { catalogueRoutes } from "./routes/catalogue.js";
import { customerRoutes } from "./routes/customers.js";
import { analyticsRoutes } from "./routes/analytics.js";
import { healthRoutes } from "./routes/health.js";
import { historyRoutes } from "./routes/history.js";
import { createAdmittingServer } from "./server/admission.js";
import { registerLimits } from "./server/limits.js";
import { menuRoutes } from "./routes/menu.js";
import { registerNotFound } from "./server/methods.js";
import { measureRequests, metricsRoutes } from "./routes/metrics.js";
import { openApiInfo } from "./openapi/document.js";
import { orderCommandRoutes } from "./routes/order-commands.js";
import { orderQueryRoutes } from "./routes/order-queries.js";
import { handleError } from "./problems.js";
import { answerBrokenRequest } from "./server/broken-requests.js";
import { sharedSchemas } from "./schemas/schemas.js";
import { securityHeaders } from "./server/security-headers.js";
import { createSerializerCompiler, createValidatorCompiler } from "./server/validation.js";
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
export async function buildApp(dependencies) {
    const { limits } = dependencies;
    const app = Fastify({
        loggerInstance: dependencies.log,
        logController: new LogController({ disableRequestLogging: true }),
        // A logger for each request would cost more than the few lines that need one; those name the request themselves.
        childLoggerFactory: (logger) => logger,
        genReqId: () => randomUUID(),
        bodyLimit: BODY_LIMIT,
        routerOptions: { maxParamLength: 500, ignoreTrailingSlash: false },
        clientErrorHandler: answerBrokenRequest,
        frameworkErrors: (error, request, reply) => void handleError(error, request, reply),
        serverFactory: (handle) => createAdmittingServer(SERVER_OPTIONS, handle, {
            ...dependencies,
            maxInFlight: limits.maxInFlight,
            isStalled: () => app.isUnderPressure(),
        }),
    });
    app.removeContentTypeParser('text/plain');
    for (const schema of sharedSchemas)
        app.addSchema(schema);
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
