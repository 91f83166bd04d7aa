import { runServerAlone } from '../cli.ts';
import { urlOf } from './index.ts';
import { startMongoServer } from './start.ts';

await runServerAlone('mongodb', startMongoServer, urlOf);
