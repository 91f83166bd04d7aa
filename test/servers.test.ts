import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { joinServers, RunningServersError, type ServerConfig, type Servers, startServers } from '../src/servers.ts';

const log = pino({ level: 'silent' });
let dataDir: string;
let file: string;
const started: Servers[] = [];
const config = (more = {}): ServerConfig => ({
  dataDir,
  eventStoreUrl: undefined,
  mongoUrl: undefined,
  auth: 'off',
  embeddedEventStorePort: 0,
  embeddedMongoPort: 0,
  ...more,
});

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'pizzeria-servers-'));
  file = join(dataDir, 'servers.json');
});
afterEach(async () => {
  for (const servers of started.splice(0).reverse()) await servers.close();
  rmSync(dataDir, { recursive: true });
});

async function kept(starting: Promise<Servers>): Promise<Servers> {
  const servers = await starting;
  started.push(servers);
  return servers;
}

test('a file that tells where servers are is replaced by a whole one, never written over', async () => {
  writeFileSync(file, '{"pid":1');
  const reader = openSync(file, 'r');
  const { mongoUrl } = await kept(startServers(config(), log));
  expect(readFileSync(reader, 'utf8')).toBe('{"pid":1'); // of whoever had begun to read it
  closeSync(reader);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ mongoUrl });
  expect(readdirSync(dataDir).filter((name) => name.startsWith('servers.json'))).toEqual(['servers.json']);
});

describe('a tool beside the service', () => {
  test('does not believe what a process that is gone has left, while another one has the folder', async () => {
    await kept(startServers(config(), log));
    const left = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...left, pid: 999_999_999 }));
    await expect(joinServers(config(), log, 0)).rejects.toThrow(RunningServersError);
  });

  test('joins the servers of a process that has the folder, and leaves them and their file alone', async () => {
    const service = await kept(startServers(config(), log));
    const tool = await joinServers(config(), log);
    expect([tool.eventStoreUrl, tool.mongoUrl]).toEqual([service.eventStoreUrl, service.mongoUrl]);
    await tool.close();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ mongoUrl: service.mongoUrl });
    await service.close();
    started.pop();
    expect(existsSync(file)).toBe(false);
  });

  test('joins a service that is about to say where its servers are', async () => {
    const service = await kept(startServers(config(), log));
    const said = readFileSync(file, 'utf8');
    rmSync(file);
    const joining = joinServers(config(), log, 60_000);
    // By then the tool has found that the folder is in use.
    await expect(joinServers(config(), log, 0)).rejects.toThrow(RunningServersError);
    writeFileSync(file, said);
    const tool = await joining;
    expect(tool.mongoUrl).toBe(service.mongoUrl);
    await tool.close();
  });

  test.each([
    ['cut', '{"pid":1'],
    ['empty', ''],
    [
      'of a process that is gone, whose id another one has',
      `{"pid":${process.pid},"eventStoreUrl":"esdb://127.0.0.1:1","mongoUrl":"mongodb://127.0.0.1:1"}`,
    ],
    ['of another user’s process', '{"pid":1,"eventStoreUrl":"esdb://127.0.0.1:1","mongoUrl":"mongodb://127.0.0.1:1"}'],
  ])('starts its own where nobody has the folder, whatever a file says that is %s', async (_, content) => {
    writeFileSync(file, content);
    const tool = await kept(joinServers(config(), log));
    expect(tool.eventStoreUrl).not.toContain(':1?');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      pid: process.pid,
      eventStoreUrl: tool.eventStoreUrl,
      mongoUrl: tool.mongoUrl,
    });
  });

  test.each(['{"pid":1', '', 'null', '{"pid":1}', '{"mongoUrl":5}', undefined])(
    'names the file that should say where the servers are, when it holds %j',
    async (content) => {
      await kept(startServers(config(), log));
      if (content === undefined) rmSync(file);
      else writeFileSync(file, content);
      const joining = joinServers(config(), log, 0);
      await expect(joining).rejects.toThrow(RunningServersError);
      await expect(joining).rejects.toThrow(`in use by process ${process.pid}`);
      await expect(joining).rejects.toThrow(file);
    },
  );
});

test('the file says nothing of a store that is configured, whose URL may hold a password', async () => {
  const eventStoreUrl = 'esdb://user:secret@127.0.0.1:1';
  await kept(startServers(config({ eventStoreUrl }), log));
  expect(readFileSync(file, 'utf8')).not.toContain('secret');
});

test('a start that fails leaves the file of the process that has the folder', async () => {
  const service = await kept(startServers(config(), log));
  await expect(startServers(config(), log)).rejects.toThrow('in use');
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ eventStoreUrl: service.eventStoreUrl });
});
