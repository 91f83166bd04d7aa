import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Makes links right behind a gateway that strips a prefix from paths and says so in `X-Forwarded-Prefix`.
 *
 * @param trusted gateways whose headers count; undefined: nobody's do
 */
export function registerGateway(app: FastifyInstance, trusted: readonly string[] | undefined): void {
  if (!trusted) return;
  app.addHook('onSend', (request, reply, _, done) => {
    const location = reply.getHeader('location');
    if (typeof location === 'string' && location.startsWith('/')) {
      void reply.header('location', `${prefixOf(request)}${location}`);
    }
    done();
  });
}

/** What a trusted gateway strips from the paths that its clients ask for: nothing, or a path without an end slash. */
export function prefixOf({ headers, ips }: FastifyRequest): string {
  const prefix = headers['x-forwarded-prefix'];
  // A trusted gateway has added its client to the addresses.
  return ips !== undefined && ips.length > 1 && isPath(prefix) ? prefix.replace(/\/$/, '') : '';
}

/** The client's address, as a trusted gateway gives it. Some add the port, which is another for each connection. */
export function clientAddress({ ip }: FastifyRequest): string {
  const [, v6, v4] = /^(?:\[(.+)\]|([\d.]+)):\d+$/.exec(ip) ?? [];
  return v6 ?? v4 ?? ip;
}

function isPath(prefix: unknown): prefix is string {
  return typeof prefix === 'string' && /^(?:\/[\w.~-]+)+\/?$/.test(prefix);
}
