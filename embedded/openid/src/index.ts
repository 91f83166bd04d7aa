import { type EmbeddedOptions, type EmbeddedServer, launchWorker } from '@marios-pizzeria/embedded-host';

/**
 * Starts an OpenID issuer in a worker thread, on loopback. Whoever comes chooses one of five people, and is asked for
 * no password. It keeps nothing: its key and its tokens end with it. For development and tests.
 *
 * @throws Error when the port is taken
 */
export function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  return launchWorker(new URL('./worker.js', import.meta.url), options);
}
