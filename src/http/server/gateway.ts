import type { FastifyInstance } from 'fastify';

/**
 * Makes links right behind a gateway that strips a prefix from paths and says so in `X-Forwarded-Prefix`.
 *
 * @param trusted gateways whose headers count; undefined: nobody's do
 */
export function registerGateway(app: FastifyInstance, trusted: readonly string[] | undefined): void {
  if (!trusted) return;
  app.addHook('onSend', (request, reply, _, done) => {
    const location = reply.getHeader('location');
    const prefix = request.headers['x-forwarded-prefix'];
    // A trusted gateway has added its client to the addresses.
    const isTrusted = (request.ips?.length ?? 0) > 1;
    if (isTrusted && typeof location === 'string' && location.startsWith('/') && isPath(prefix)) {
      void reply.header('location', `${prefix.replace(/\/$/, '')}${location}`);
    }
    done();
  });
}

function isPath(prefix: unknown): prefix is string {
  return typeof prefix === 'string' && /^(?:\/[\w.~-]+)+\/?$/.test(prefix);
}
