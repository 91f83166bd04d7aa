export { runServerAlone } from './cli.ts';
export { type EmbeddedOptions, type EmbeddedServer, launchWorker, type StartServer } from './launch.ts';
export {
  corrupt,
  CorruptStoreError,
  type Database,
  openStoreFile,
  PortTakenError,
  type StoreFile,
} from './store-file.ts';
export { serveInWorker } from './worker.ts';
