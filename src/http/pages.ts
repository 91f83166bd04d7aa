import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { Config } from '../config.ts';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { RULES } from '../access/rules.ts';
import { notFound } from './problems/errors.ts';
import { prefixOf } from './server/gateway.ts';
import { pathOf } from './target.ts';

/** Where `npm run build` puts them, seen from src/http and from dist/http alike. */
const FOLDER = fileURLToPath(new URL('../../dist/web/', import.meta.url));
/** Nothing inline, nothing of another origin, no text made into code. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');
const LASTING = 'public, max-age=31536000, immutable';

/**
 * The pages, below /app/, and what / shows. Any address below /app/ is the same document, if a browser asks: the page
 * itself looks at its address.
 *
 * @param shown what the pages tell of the configuration
 * @param access whether people are asked who they are, and can log in
 */
export async function pageRoutes(
  app: FastifyInstance,
  shown: Config['pages'] & Pick<Config, 'currency'>,
  access: 'open' | 'login' | 'tokens',
): Promise<void> {
  const { version } = createRequire(import.meta.url)('#package.json') as { readonly version: string };
  const settings = { ...shown, version, access, rules: RULES };
  const schema = { hide: true };

  app.get('/', { schema }, (request, reply) => {
    void reply.header('vary', 'accept');
    // A gateway may strip the slash as well: then, a relative path would lead past the prefix.
    if (wantsPage(request)) return reply.redirect(prefixOf(request) === '' ? 'app/' : '/app/');
    return {
      name: "Mario's Pizzeria order service",
      version,
      pages: 'app/',
      documentation: 'docs',
      openapi: 'openapi.json',
    };
  });
  app.get('/app', { schema }, (_, reply) => reply.redirect('app/'));
  app.get('/app/config.json', { schema }, (_, reply) => reply.header('cache-control', 'no-store').send(settings));

  await app.register(fastifyStatic, {
    root: FOLDER,
    serve: false,
    preCompressed: true,
    cacheControl: false,
    acceptRanges: false,
  });
  if (!existsSync(`${FOLDER}index.html`)) app.log.warn('the pages are not built: npm run build');

  app.get<{ Params: { '*': string } }>('/app/*', { schema }, async (request, reply) => {
    const path = request.params['*'];
    if (path.startsWith('assets/')) {
      const isNamedByContent = /-[\w-]{8}\.\w+$/.test(path);
      void reply.header('vary', 'accept-encoding');
      return reply.header('cache-control', isNamedByContent ? LASTING : 'no-cache').sendFile(path);
    }
    void reply.header('vary', 'accept');
    const document = wantsPage(request) ? await readDocument() : undefined;
    if (document === undefined) throw notFound(`There is nothing at ${pathOf(request)}`);
    return reply
      .header('content-security-policy', CONTENT_SECURITY_POLICY)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(document.replaceAll('="./', `="${'../'.repeat(path.split('/').length - 1) || './'}`));
  });
}

/** The document of all pages; undefined when they are not built. */
async function readDocument(): Promise<string | undefined> {
  try {
    return await readFile(`${FOLDER}index.html`, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A browser that is to show something says so; programs, and scripts of a page, take anything. */
function wantsPage({ headers: { accept = '' } }: FastifyRequest): boolean {
  return accept.split(',').some((range) => /^\s*text\/html\s*(?:;(?!\s*q=0(?:\.0*)?\s*$)|$)/i.test(range));
}
