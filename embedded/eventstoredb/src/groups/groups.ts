import { DELETED, jsonEvent, metastreamOf } from '../log/events.ts';
import type { GroupDefinition } from './group-config.ts';
import { ALL, CONFIG_STREAM, CONFIG_TYPE, decodeConfig, encodeConfig, groupKey } from './group-config.ts';
import type { GroupHost } from './group-host.ts';
import { createGroupHost } from './group-host.ts';
import type { EventLog } from '../log/log.ts';
import { callCancelled, groupError } from '../wire/rpc-errors.ts';

/** All persistent subscription groups of the server. Their errors are `RpcError`s. */
export interface Groups {
  create(definition: GroupDefinition): Promise<void>;
  /** Takes new settings, keeps the filter, and starts the group anew from its checkpoint; its consumers are dropped. */
  update(definition: GroupDefinition): Promise<void>;
  remove(stream: string, group: string): Promise<void>;
  get(stream: string, group: string): GroupHost;
  /** Of one stream, or all. A stream that has had no group since the start is an error. */
  list(stream: string | undefined): GroupHost[];
  /** Starts all groups anew from what the log has; their consumers are dropped. */
  restart(): void;
  stop(): void;
}

/** How often time-outs and checkpoints by time are looked at. */
const TICK_MS = 250;

export function createGroups(log: EventLog, now: () => number, newId: () => string): Groups {
  const hosts = new Map<string, GroupHost>();
  const known = new Set<string>();
  load();
  const timer = setInterval(() => {
    for (const host of hosts.values()) host.tick();
  }, TICK_MS);

  function load(): void {
    const page = log.readStream(CONFIG_STREAM, { from: DELETED, limit: 1, backwards: true });
    const config = page.kind === 'page' ? page.events[0] : undefined;
    for (const definition of config === undefined ? [] : decodeConfig(config.data)) start(definition);
  }

  function start(definition: GroupDefinition): void {
    known.add(definition.stream);
    hosts.set(groupKey(definition.stream, definition.group), createGroupHost(log, definition, now, newId));
  }

  function get(stream: string, group: string): GroupHost {
    const host = hosts.get(groupKey(stream, group));
    if (host === undefined) throw groupError('missing', stream, group);
    return host;
  }

  function check({ stream, group, startFrom }: GroupDefinition): void {
    if (stream !== ALL || startFrom < Math.max(1, log.end())) return;
    const reason =
      'Invalid Start From position: commit position must be less than or equal to the last commit position in the transaction file.';
    throw groupError('failed', stream, group, reason);
  }

  async function save(): Promise<void> {
    const definitions = [...hosts.values()].map((host) => host.definition);
    const event = jsonEvent(newId(), CONFIG_TYPE, encodeConfig(definitions, new Date(now())));
    if (log.metadataOf(CONFIG_STREAM).maxCount === undefined) {
      const metadata = jsonEvent(newId(), '$metadata', { $maxCount: 2 });
      await log.append({ stream: metastreamOf(CONFIG_STREAM), expected: 'any', events: [metadata] });
    }
    await log.append({ stream: CONFIG_STREAM, expected: 'any', events: [event] });
  }

  return {
    async create(definition) {
      const { stream, group } = definition;
      check(definition);
      if (hosts.has(groupKey(stream, group))) throw groupError('exists', stream, group);
      start(definition);
      await save();
    },

    async update(definition) {
      const host = get(definition.stream, definition.group);
      check(definition);
      host.stop();
      start({ ...definition, filter: host.definition.filter });
      await save();
    },

    async remove(stream, group) {
      const host = get(stream, group);
      hosts.delete(groupKey(stream, group));
      host.stop();
      await host.forget();
      await save();
    },

    get,

    list(stream) {
      const all = [...hosts.values()];
      if (stream !== undefined && !known.has(stream)) throw groupError('missing', stream, '');
      return stream === undefined ? all : all.filter((host) => host.definition.stream === stream);
    },

    restart() {
      for (const host of hosts.values()) host.stop();
      hosts.clear();
      load();
    },

    stop() {
      clearInterval(timer);
      for (const host of hosts.values()) host.stop(callCancelled());
      hosts.clear();
    },
  };
}
