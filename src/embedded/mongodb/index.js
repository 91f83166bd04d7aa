import { launchWorker } from "../launch.js";
/**
 * Starts the embedded MongoDB server in a worker thread, for development and tests.
 *
 * @throws Error when the file is in use, corrupt or foreign, or the port is taken
 */
export function startEmbeddedMongo(options) {
    return launchWorker(new URL('./worker.js', import.meta.url), options, urlOf);
}
export function urlOf(port) {
    return `mongodb://127.0.0.1:${port}/?directConnection=true`;
}
