var __rewriteRelativeImportExtension = (this && this.__rewriteRelativeImportExtension) || function (path, preserveJsx) {
    if (typeof path === "string" && /^\.\.?\//.test(path)) {
        return path.replace(/\.(tsx)$|((?:\.d)?)((?:\.[^./]+?)?)\.([cm]?)ts$/i, function (m, tsx, d, ext, cm) {
            return tsx ? preserveJsx ? ".jsx" : ".js" : d && (!ext || !cm) ? m : (d + ext + "." + cm.toLowerCase() + "js");
        });
    }
    return path;
};
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
/**
 * Starts an embedded server for each store that the configuration gives no URL of, in threads of their own.
 *
 * @throws Error when one cannot be started; the other one is ended
 */
export async function startServers(config, log) {
    const servers = [];
    const serve = async (url, store, port) => {
        if (url !== undefined)
            return url;
        const { startEmbedded } = (await import(__rewriteRelativeImportExtension(`@marios-pizzeria/embedded-${store}`)));
        const server = await startEmbedded({ dataDir: config.dataDir, port });
        servers.push(server);
        log.info({ url: server.url, dataDir: config.dataDir }, 'embedded development server listens');
        return server.url;
    };
    const close = async () => {
        if (servers.length > 0)
            rmSync(serversFile(config.dataDir), { force: true });
        await Promise.all(servers.map((server) => server.close()));
    };
    const [eventStoreUrl, mongoUrl] = await Promise.all([
        serve(config.eventStoreUrl, 'eventstoredb', config.embeddedEventStorePort),
        serve(config.mongoUrl, 'mongodb', config.embeddedMongoPort),
    ]).catch(async (error) => {
        await close();
        throw error;
    });
    if (servers.length > 0) {
        const running = { pid: process.pid, eventStoreUrl, mongoUrl };
        writeFileSync(serversFile(config.dataDir), JSON.stringify(running));
    }
    const failed = Promise.race([new Promise(() => undefined), ...servers.map((server) => server.failed)]);
    return { eventStoreUrl, mongoUrl, failed, close };
}
/** The embedded servers of another process that has this folder, if one runs. */
export function findServers(dataDir) {
    try {
        const running = JSON.parse(readFileSync(serversFile(dataDir), 'utf8'));
        process.kill(running.pid, 0); // signal 0 only asks whether the process is there
        return running;
    }
    catch (error) {
        const { code } = error;
        if (code === 'ENOENT' || code === 'ESRCH')
            return undefined;
        throw error;
    }
}
function serversFile(dataDir) {
    return join(dataDir, 'servers.json');
}
