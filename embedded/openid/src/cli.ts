import { runServerAlone } from '@marios-pizzeria/embedded-host';
import { startServer } from './server.ts';

await runServerAlone('OpenID issuer', startServer);
