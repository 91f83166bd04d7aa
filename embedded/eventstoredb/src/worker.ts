import { serveInWorker } from '@marios-pizzeria/embedded-host';
import { startServer } from './server.ts';

await serveInWorker(startServer);
