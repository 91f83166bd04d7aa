import { expect, test } from 'vitest';
import { startServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

test('in production with AUTH=off, the service starts and warns of it', async () => {
  const service = await startServiceProcess({ NODE_ENV: 'production', AUTH: 'off' });
  try {
    expect((await fetch(`${service.base}/orders`)).status).toBe(200);
    const warning = await until('the warning is logged', () => /^.*AUTH=off.*$/m.exec(service.log())?.[0]);
    expect(JSON.parse(warning)).toMatchObject({ level: 40 });
  } finally {
    await service.close();
  }
});
