import { isIPv6, SocketAddress } from 'node:net';
import { compile } from '@fastify/proxy-addr';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Whether an address is that of a gateway whose headers count. */
export type Trust = (address: string, hop: number) => boolean;

declare module 'fastify' {
  interface FastifyInstance {
    readonly trusts: Trust;
  }
}

/** @param gateways addresses, ranges, or the names of some */
export function trustOf(gateways: readonly string[]): Trust {
  const trusts = compile([...gateways]);
  return (address, hop) => trusts(withoutPort(address), hop);
}

/**
 * Makes links right behind a gateway that strips a prefix from paths and says so in `X-Forwarded-Prefix`.
 *
 * @param trusts absent: nobody's headers count
 */
export function registerGateway(app: FastifyInstance, trusts: Trust | undefined): void {
  app.decorate('trusts', trusts ?? (() => false));
  if (!trusts) return;
  app.addHook('onSend', (request, reply, _, done) => {
    const location = reply.getHeader('location');
    if (typeof location === 'string' && location.startsWith('/')) {
      void reply.header('location', `${prefixOf(request)}${location}`);
    }
    done();
  });
}

/** What a trusted gateway strips from the paths that its clients ask for: nothing, or a path without an end slash. */
export function prefixOf({ headers, raw, server }: FastifyRequest): string {
  const prefix = headers['x-forwarded-prefix'];
  return isPath(prefix) && server.trusts(raw.socket.remoteAddress ?? '', 0) ? prefix.replace(/\/$/, '') : '';
}

/** The client's address, as a trusted gateway gives it, in the one spelling that tells it from others. */
export function clientAddress({ ip }: FastifyRequest): string {
  const address = withoutPort(ip);
  if (!isIPv6(address)) return address;
  const plain = new SocketAddress({ family: 'ipv6', address }).address;
  return /^::ffff:([\d.]+)$/.exec(plain)?.[1] ?? plain;
}

/** Some gateways add the port, which is another for each connection. */
function withoutPort(address: string): string {
  const [, v6, v4] = /^(?:\[(.+)\](?::\d+)?|([\d.]+):\d+)$/.exec(address) ?? [];
  return v6 ?? v4 ?? address;
}

/** Segments of a path (RFC 3986 §3.3), none of which leads elsewhere. */
function isPath(prefix: unknown): prefix is string {
  return (
    typeof prefix === 'string' && /^(?:\/(?!\.\.?(?:\/|$))(?:[\w.~!$&()*+,;=:@-]|%[\da-f]{2})+)+\/?$/i.test(prefix)
  );
}
