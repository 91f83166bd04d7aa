import { serveInWorker } from '@marios-pizzeria/embedded-host';

// oidc-provider writes to the console that it keeps its data in memory, and which versions of Node it is tested on.
console.warn = console.info = () => undefined;
const { startServer } = await import('./server.ts');

await serveInWorker(startServer);
