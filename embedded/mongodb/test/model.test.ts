import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoBulkWriteError, MongoClient, MongoServerError, type Collection, type Document } from 'mongodb';
import { expect, test } from 'vitest';
import { serve, type MongoServer } from '../src/net/server.ts';
import { openStore } from '../src/storage/store.ts';
import { compareValues, Model, sameType, type Change, type Item, type Outcome, type Question } from './model.ts';

/** Repeatable randomness (a linear congruential generator). */
function createRandom(seed: number) {
  let state = seed;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;
  return { below, pick };
}

type Random = ReturnType<typeof createRandom>;

const indexes = [{ n: 1, _id: 1 }, { n: -1, _id: -1 }, { s: 1, n: -1, _id: -1 }, { tags: 1 }, { s: 1, u: 1 }] as const;

function randomValue({ below, pick }: Random): Item['n'] {
  return pick([below(10), below(10), below(1000) / 8, `t${below(4)}`, new Date(below(5) * 1000), null, undefined]);
}

function randomItem(random: Random): Item {
  const { below, pick } = random;
  const n = randomValue(random);
  return {
    _id: below(120),
    ...(n === undefined ? {} : { n }),
    ...(below(5) === 0 ? {} : { s: pick(['a', 'b', 'c']) }),
    ...(below(3) === 0 ? { u: below(200) } : {}),
    ...(below(3) === 0 ? { tags: Array.from({ length: below(3) }, () => below(6)) } : {}),
  };
}

function simpleQuestion(random: Random): Question {
  const { below, pick } = random;
  switch (below(8)) {
    case 0: {
      const _id = below(120);
      return { filter: { _id }, matches: (item) => item._id === _id };
    }
    case 1: {
      const s = pick(['a', 'b', 'c']);
      return { filter: { s }, matches: (item) => item.s === s };
    }
    case 2: {
      const list = [below(120), below(120), below(120)];
      return { filter: { _id: { $in: list } }, matches: (item) => list.includes(item._id) };
    }
    case 3:
      return { filter: { n: null }, matches: (item) => item.n === undefined || item.n === null };
    case 4: {
      const tag = below(6);
      return { filter: { tags: tag }, matches: (item) => item.tags?.includes(tag) === true };
    }
    case 5: {
      const bound = pick([below(10), `t${below(4)}`, new Date(below(5) * 1000)]);
      const [operator, accepts] = pick([
        ['$gt', (difference: number) => difference > 0],
        ['$gte', (difference: number) => difference >= 0],
        ['$lt', (difference: number) => difference < 0],
        ['$lte', (difference: number) => difference <= 0],
      ] as const);
      return {
        filter: { n: { [operator]: bound } },
        matches: (item) => sameType(item.n, bound) && accepts(compareValues(item.n, bound)),
      };
    }
    case 6: {
      const expected = pick([true, false]);
      return { filter: { u: { $exists: expected } }, matches: (item) => (item.u !== undefined) === expected };
    }
    default:
      return { filter: {}, matches: () => true };
  }
}

function randomQuestion(random: Random): Question {
  const { below, pick } = random;
  const [a, b] = [simpleQuestion(random), simpleQuestion(random)];
  switch (below(6)) {
    case 0:
      return { filter: { $and: [a.filter, b.filter] }, matches: (item) => a.matches(item) && b.matches(item) };
    case 1:
      return { filter: { $or: [a.filter, b.filter] }, matches: (item) => a.matches(item) || b.matches(item) };
    case 2:
      return { filter: { $nor: [a.filter] }, matches: (item) => !a.matches(item) };
    case 3: {
      const [n, _id] = [below(10), below(120)];
      const s = pick(['a', 'b', 'c']);
      return {
        filter: { s, $or: [{ n: { $lt: n } }, { n, _id: { $lt: _id } }] },
        matches: (item) =>
          item.s === s && typeof item.n === 'number' && (item.n < n || (item.n === n && item._id < _id)),
      };
    }
    default:
      return a;
  }
}

function randomChange(random: Random): { readonly update: Document; readonly change: Change } {
  const { below, pick } = random;
  switch (below(4)) {
    case 0: {
      const s = pick(['a', 'b', 'c']);
      return { update: { $set: { s } }, change: (item) => ({ ...item, s }) };
    }
    case 1:
      return { update: { $unset: { n: 1 } }, change: (item) => without(item, 'n') };
    case 2: {
      const tags = [below(6), below(6)];
      return { update: { $set: { tags } }, change: (item) => ({ ...item, tags }) };
    }
    default: {
      const u = below(200);
      return { update: { $set: { u } }, change: (item) => ({ ...item, u }) };
    }
  }
}

function without(item: Item, field: keyof Item): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => name !== field)) as unknown as Item;
}

async function outcomeOf(work: Promise<{ matchedCount: number; modifiedCount: number }>): Promise<Outcome> {
  try {
    const { matchedCount: matched, modifiedCount: modified } = await work;
    return { matched, modified };
  } catch (error) {
    if (error instanceof MongoServerError && error.code === 11000) return 'duplicate';
    throw error;
  }
}

async function insertMany(collection: Collection<Item>, items: readonly Item[], ordered: boolean): Promise<number> {
  try {
    return (await collection.insertMany([...items], { ordered })).insertedCount;
  } catch (error) {
    if (error instanceof MongoBulkWriteError && error.code === 11000) return error.result.insertedCount;
    throw error;
  }
}

function modelInsertMany(model: Model, items: readonly Item[], ordered: boolean): number {
  let inserted = 0;
  for (const item of items) {
    if (model.insert(item)) inserted += 1;
    else if (ordered) break;
  }
  return inserted;
}

/** One random operation on both; they must answer alike. */
async function step(random: Random, collection: Collection<Item>, model: Model): Promise<void> {
  const { below, pick } = random;
  switch (below(12)) {
    case 0:
    case 1:
    case 2: {
      const items = Array.from({ length: 1 + below(4) }, () => randomItem(random));
      const ordered = pick([true, false]);
      expect(await insertMany(collection, items, ordered)).toBe(modelInsertMany(model, items, ordered));
      return;
    }
    case 3:
    case 4: {
      // One document at most, so that which of several comes first does not matter.
      const _id = below(120);
      const { update, change } = randomChange(random);
      const question = { filter: { _id }, matches: (item: Item) => item._id === _id };
      expect(await outcomeOf(collection.updateOne({ _id }, update))).toEqual(model.update(question, change, false));
      return;
    }
    case 5: {
      const question = randomQuestion(random);
      const s = pick(['a', 'b', 'c']);
      const answer = await outcomeOf(collection.updateMany(question.filter, { $set: { s } }));
      expect(answer).toEqual(model.update(question, (item) => ({ ...item, s }), true));
      return;
    }
    case 6: {
      if (below(4) > 0) return;
      const question = randomQuestion(random);
      expect((await collection.deleteMany(question.filter)).deletedCount).toBe(model.remove(question));
      return;
    }
    case 7: {
      const name = pick(indexes);
      if (below(3) > 0) await collection.createIndex(name);
      else if (await collection.indexExists(Object.entries(name).flat().join('_'))) {
        await collection.dropIndex(Object.entries(name).flat().join('_'));
      }
      return;
    }
    case 8: {
      const question = randomQuestion(random);
      expect(await collection.countDocuments(question.filter)).toBe(model.find(question, 1, 0, 0).length);
      return;
    }
    default: {
      const question = randomQuestion(random);
      const direction = pick([1, -1] as const);
      const [skip, limit] = [below(3) === 0 ? below(5) : 0, below(3) === 0 ? 0 : 1 + below(20)];
      const options = { sort: { n: direction, _id: direction }, skip, limit, batchSize: 1 + below(10) };
      expect(await collection.find(question.filter, options).toArray()).toEqual(
        model.find(question, direction, skip, limit),
      );
    }
  }
}

test.each([1, 2])('2,500 random operations, over restarts, seed %i, agree with a model', async (seed) => {
  const folder = await mkdtemp(join(tmpdir(), 'mongodb-'));
  const random = createRandom(seed);
  const model = new Model();
  const start = async (): Promise<{ server: MongoServer; client: MongoClient }> => {
    const server = await serve({ store: openStore(folder), port: 0 });
    const client = await new MongoClient(`mongodb://127.0.0.1:${server.port}/?directConnection=true`).connect();
    return { server, client };
  };
  for (let life = 0; life < 5; life += 1) {
    const { server, client } = await start();
    const collection = client.db('d').collection<Item>('c');
    if (life === 2) {
      await collection.updateMany({}, { $unset: { u: 1 } });
      model.items = model.items.map((item) => without(item, 'u'));
      await collection.createIndex({ u: 1 }, { unique: true, sparse: true }, {});
      model.unique = true;
    }
    for (let i = 0; i < 500; i += 1) await step(random, collection, model);
    const all = await collection.find().sort({ _id: 1 }).toArray();
    expect(all).toEqual(model.items.toSorted((a, b) => a._id - b._id));
    await client.close();
    await server.close();
  }
  await rm(folder, { recursive: true, force: true });
});
