import { runServerAlone } from '@marios-pizzeria/embedded-host';
import { FAULTS } from './faults.ts';
import { startServer } from './server.ts';

await runServerAlone('MongoDB', startServer, FAULTS);
