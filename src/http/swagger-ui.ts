import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { pathOf } from './target.ts';

/** What the page's interceptors see of a request and of an answer. */
interface PageRequest {
  url?: string;
}
interface PageResponse {
  readonly status?: number;
  readonly url?: string;
  readonly obj?: { readonly id?: string; readonly refunds?: readonly { readonly refundId: string }[] };
}

/** Swagger UI, on any host, over http too, and behind a gateway that puts a prefix before its paths. */
export async function registerSwaggerUi(app: FastifyInstance): Promise<void> {
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    transformStaticCSP: (policy) => policy.replace(/upgrade-insecure-requests;?/, '').trim(),
    // Where the page is `docs`, its links would lead past the prefix.
    uiHooks: {
      onRequest(request, reply, done) {
        const path = pathOf(request);
        if (path.endsWith('/docs')) void reply.redirect('docs/');
        else if (path.endsWith('/static/index.html')) void reply.redirect('../');
        else done();
      },
    },
    transformSpecificationClone: false,
    transformSpecification: (document) => ({ ...document, servers: [{ url: '..', description: 'this service' }] }),
    uiConfig: { tryItOutEnabled: true, responseInterceptor, requestInterceptor },
  });
}

// Both run in the page, from their source text: they can refer to nothing else here.

/** Remembers the order that was placed last, and the refund that was requested last. */
function responseInterceptor(response: PageResponse): PageResponse {
  if (response.status === 201 && response.url?.endsWith('/orders')) {
    Object.assign(globalThis, { placedOrder: response.obj?.id });
  }
  const refundId = response.obj?.refunds?.at(-1)?.refundId;
  if (refundId !== undefined) Object.assign(globalThis, { requestedRefund: refundId });
  return response;
}

/** Has them stand for those of the examples, so that the operations work one after another as they are filled in. */
function requestInterceptor(request: PageRequest): PageRequest {
  const { placedOrder, requestedRefund } = globalThis as { placedOrder?: string; requestedRefund?: string };
  if (request.url !== undefined) {
    request.url = request.url
      .replace('935d8f8f-ac68-5c6c-a8e5-2c6dad83af30', placedOrder ?? '$&')
      .replace('0a33eb5c-9aab-5241-90a0-b40856df0442', requestedRefund ?? '$&');
  }
  return request;
}
