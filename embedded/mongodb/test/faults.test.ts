import { startEmbedded } from '@marios-pizzeria/embedded-mongodb';
import { MongoClient } from 'mongodb';
import { expect, it } from 'vitest';
import { temporaryFolder } from './support.ts';

it('a server that steps down on request, is a secondary for as long, reads, and refuses to write as one does', async () => {
  const server = await startEmbedded({ dataDir: await temporaryFolder(), port: 0, faults: ['step-down'] });
  const client = new MongoClient(server.url, { retryWrites: false });
  try {
    const admin = client.db('admin');
    const documents = client.db('test').collection<{ _id: number }>('documents');
    await documents.insertOne({ _id: 1 });
    expect(await admin.command({ hello: 1 })).toMatchObject({
      setName: 'rs0',
      isWritablePrimary: true,
      secondary: false,
    });
    await admin.command({ replSetStepDown: 60 });
    expect(await admin.command({ hello: 1 })).toMatchObject({ isWritablePrimary: false, secondary: true });
    await expect(documents.insertOne({ _id: 2 })).rejects.toMatchObject({ code: 10107 });
    expect(await documents.find().toArray()).toEqual([{ _id: 1 }]);
    await admin.command({ replSetStepDown: 0 });
    await documents.insertOne({ _id: 2 });
    expect(await documents.countDocuments()).toBe(2);
  } finally {
    await client.close();
    await server.close();
  }
});

it('a fault that the server does not know is an error', async () => {
  await expect(startEmbedded({ dataDir: await temporaryFolder(), port: 0, faults: ['nonsense'] })).rejects.toThrow(
    'nonsense is not a fault that this server can show',
  );
});
