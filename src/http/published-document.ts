import { createRequire } from 'node:module';
import type { FastifyStaticSwaggerOptions, StaticDocumentSpec } from '@fastify/swagger';

/**
 * The OpenAPI document as it is published: openapi/openapi.json, which `npm run openapi` makes of the routes and
 * `npm run openapi:check` compares with them. A running service reads it and makes nothing.
 */
export function publishedDocument(): FastifyStaticSwaggerOptions {
  const document = createRequire(import.meta.url)('#openapi.json') as StaticDocumentSpec['document'];
  return { mode: 'static', specification: { document } };
}
