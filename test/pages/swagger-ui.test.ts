import { beforeAll, expect, test } from 'vitest';
import { describePages } from '../support/browser.ts';
import { type ServiceProcess, startServiceProcess } from '../support/service-process.ts';

describePages('Swagger UI', (pages) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startServiceProcess();
    return () => service.close();
  });

  test('its examples, clicked through after the service was killed and has started again, place and read an order', async () => {
    pages.expectFault(/inline style|style-src-elem of inline/); // of Swagger UI's own, which its policy turns away
    const page = await pages.open(`${service.base}/docs`);
    const operation = (id: string) => page.locator(`[id^="operations-"][id$="-${id}"]`);
    const execute = async (id: string) => {
      await operation(id).locator('.opblock-summary-control').click();
      await operation(id).getByRole('button', { name: 'Execute' }).click();
      return operation(id).locator('.live-responses-table tr.response .response-col_status').innerText();
    };
    await operation('getMenu').waitFor();

    await service.kill();
    await service.restart();
    expect(await execute('placeOrder')).toContain('201');
    expect(await execute('getOrder')).toContain('200');
    for (const id of ['confirmOrder', 'payOrder', 'cancelOrder', 'getRefund', 'completeRefund'])
      expect(await execute(id), id).toContain('200');
  });
});
