import type { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { connectMongo } from '../../src/read-models/database.ts';
import { until } from '../support/until.ts';

let client: MongoClient;
let opened: number;
const answers = () => client.db('admin').command({ ping: 1 });

beforeEach(async () => {
  opened = 0;
  client = connectMongo(inject('mongoUrl'), 1000);
  client.on('topologyOpening', () => (opened += 1));
  await answers();
  expect(opened).toBe(1);
});
afterEach(() => client.close());

test('a client whose driver watches a server no more, begins anew and serves', async () => {
  client.emit('serverHeartbeatFailed', { connectionId: 'gone:27017' } as never);
  await until('it has begun anew', () => opened === 2);
  await until('it answers', () => answers().catch(() => undefined));
});

test('a client that has had no connection for long, begins anew and serves', async () => {
  const starve = setInterval(() => client.emit('connectionCheckOutFailed', { reason: 'timeout' } as never), 50);
  await until('it has begun anew', () => opened === 2);
  clearInterval(starve);
  await until('it answers', () => answers().catch(() => undefined));
});

test('a client that gets its connections and hears of its server, goes on as it is', async () => {
  let heartbeats = 0;
  client.on('serverHeartbeatSucceeded', () => (heartbeats += 1));
  client.emit('connectionCheckOutFailed', { reason: 'timeout' } as never);
  await answers();
  await until('several looks were made', () => heartbeats >= 3);
  expect(opened).toBe(1);
});
