import { randomUUID } from 'node:crypto';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { freePort } from '../support/ports.ts';
import { until } from '../support/until.ts';

export interface StartedServer {
  readonly url: string;
  readonly container: StartedTestContainer;
}

const EVENTSTORE_PORT = 2113;
const MONGODB_PORT = 27_017;

/** EventStoreDB and KurrentDB differ in the prefix of their variables. Data are on disk, so that a restart keeps them. */
export async function startEventStore(image: string): Promise<StartedServer> {
  const prefix = image.includes('kurrentdb') ? 'KURRENTDB' : 'EVENTSTORE';
  const port = await freePort();
  const container = await new GenericContainer(image)
    .withEnvironment({
      [`${prefix}_INSECURE`]: 'true',
      [`${prefix}_CLUSTER_SIZE`]: '1',
      [`${prefix}_RUN_PROJECTIONS`]: 'None',
    })
    // A port of our own choice: one that Docker chooses may be another one after a restart.
    .withExposedPorts({ container: EVENTSTORE_PORT, host: port })
    .withWaitStrategy(Wait.forHttp('/health/live', EVENTSTORE_PORT).forStatusCodeMatching((code) => code < 300))
    .withStartupTimeout(180_000)
    .start();
  return { container, url: `esdb://${container.getHost()}:${port}?tls=false` };
}

export async function startMongo(image: string): Promise<StartedServer> {
  const port = await freePort();
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: MONGODB_PORT, host: port })
    .withWaitStrategy(Wait.forSuccessfulCommand(`mongosh --quiet --eval "db.adminCommand('ping')"`))
    .withStartupTimeout(180_000)
    .start();
  return { container, url: `mongodb://${container.getHost()}:${port}/?w=majority` };
}

/**
 * A replica set of one. Its member is known by one address, inside the container and outside, so that the driver
 * discovers it as it would a larger one: the port is the same on both sides, the host is localhost.
 */
export async function startMongoReplicaSet(image: string): Promise<StartedServer> {
  const port = await freePort();
  const name = `rs-${randomUUID().slice(0, 8)}`;
  const container = await new GenericContainer(image)
    .withCommand(['--replSet', name, '--bind_ip_all', '--port', String(port)])
    .withExposedPorts({ container: port, host: port })
    .withWaitStrategy(Wait.forSuccessfulCommand(`mongosh --quiet --port ${port} --eval "db.adminCommand('ping')"`))
    .withStartupTimeout(180_000)
    .start();
  const mongosh = async (script: string) => {
    const { exitCode, output } = await container.exec(['mongosh', '--quiet', '--port', String(port), '--eval', script]);
    if (exitCode !== 0) throw new Error(`mongosh: ${output}`);
    return output.trim();
  };
  await mongosh(`rs.initiate({ _id: '${name}', members: [{ _id: 0, host: 'localhost:${port}' }] })`);
  await until(
    'the replica set has a primary',
    async () => (await mongosh('db.hello().isWritablePrimary')) === 'true',
    60_000,
  );
  return { container, url: `mongodb://localhost:${port}/?replicaSet=${name}&w=majority` };
}
