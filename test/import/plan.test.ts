import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { placeOrder } from '../../src/import/historical-order.ts';
import { planImport } from '../../src/import/plan.ts';
import { toMenuItem } from '../../src/import/price-list.ts';
import { formatProblem, InputError } from '../../src/import/problem.ts';
import { origin, writeFiles } from './support.ts';

async function plan(replaced: Parameters<typeof writeFiles>[0] = {}) {
  const files = writeFiles(replaced);
  const reported: string[] = [];
  const planned = await planImport(files, origin, {
    report: (problem) => reported.push(formatProblem(problem)),
    signal: new AbortController().signal,
  });
  const short = reported.map((text) => text.replace(`${dirname(files.orders)}/`, ''));
  return { ...planned, reported: short, numbers: planned.orders.map(({ number }) => number) };
}

const reading = { report: () => undefined, signal: new AbortController().signal };
const ORDERS = 'order_id,date,time\n';
const DETAILS = 'order_details_id,order_id,pizza_id,quantity\n';
const PIZZAS = 'pizza_id,pizza_type_id,size,price\n';
const TYPES = 'pizza_type_id,name,category,ingredients\n';
/** What the good files hold. */
const DETAILS_OF_BOTH = `${DETAILS}1,1,orto_s,2\n2,1,brezza_l,1\n3,2,orto_s,1\n`;

describe('an id on two lines', () => {
  const orders = `${ORDERS}1,2024-02-29,12:04:31\n`;

  it('of orders, three times, is one order that is skipped', async () => {
    const line = '1,2024-02-29,12:04:31\n';
    const { numbers, skippedOrders, problems } = await plan({
      orders: `${ORDERS}${line}${line}${line}2,2024-03-01,18:00:00\n`,
    });
    expect({ numbers, skippedOrders, problems }).toEqual({ numbers: ['2'], skippedOrders: 1, problems: 2 });
  });

  it.each([
    ['pizzas', `${PIZZAS}orto_s,orto,S,10.00\norto_s,orto,S,"12,00"\n`],
    ['types', `${TYPES}orto,Orto Felice,Garden,Pesto\norto,,Garden,Pesto\n`],
  ])('of %s, of which one is bad, is not used', async (name, content) => {
    const { numbers, reported } = await plan({ orders, details: `${DETAILS}1,1,orto_s,2\n`, [name]: content });
    expect(numbers).toEqual([]);
    expect(reported.join('\n')).toContain('unknown pizza');
  });
});

describe('good files', () => {
  it('with several details of one order make one event with several lines', async () => {
    const { orders, reported } = await plan();
    expect(reported).toEqual([]);
    const [first] = orders.map((order) => placeOrder(order, origin).uncommittedEvents);
    expect(first).toEqual([
      {
        type: 'PizzaOrderPlaced',
        data: {
          orderId: expect.any(String) as string,
          customerId: 'walk-in',
          currency: 'USD',
          items: [
            { name: 'Orto Felice', quantity: 2, unitPrice: '10.50', sku: 'orto_s' },
            { name: 'Brezza', quantity: 1, unitPrice: '18.00', sku: 'brezza_l' },
          ],
          totalAmount: '39.00',
          placedAt: '2024-02-29T12:04:31.000Z',
        },
      },
    ]);
  });

  it('in Latin-1 beside others in UTF-8 are each read in their own encoding', async () => {
    const { orders } = await plan({
      types: Buffer.from(`${TYPES}orto,Ortò,Garden,Pesto\nbrezza,Brezza,Sea,Trout\n`, 'latin1'),
      pizzas: Buffer.from(`\ufeff${PIZZAS}orto_s,orto,Größe,1\nbrezza_l,brezza,L,2\n`),
    });
    expect(orders[0]?.items[0]?.pizza).toMatchObject({ name: 'Ortò', size: 'Größe' });
  });

  it('with a line in Latin-1 among those in UTF-8 lose that line, by its number, and nothing else', async () => {
    const orders = [`${ORDERS}1,2024-02-29,12:04:31\n`, '2,2024-03-01,18:00:00\n'];
    const types = [`${TYPES}orto,Ortò,Garden,Pesto\n`, 'brezza,Brézza,Sea,Trout\n'] as const;
    const { reported, numbers } = await plan({
      orders: orders.join(''),
      types: Buffer.concat([Buffer.from(types[0]), Buffer.from(types[1], 'latin1')]),
    });
    expect(reported.slice(0, 2)).toEqual([
      'types.csv:3: not UTF-8, as the rest of the file is',
      'pizzas.csv:3: unknown pizza type "brezza"',
    ]);
    expect(numbers).toEqual(['2']);
  });

  it('with a byte order mark and a line in Latin-1 find their first column and lose that line', async () => {
    const { reported } = await plan({
      types: Buffer.concat([
        Buffer.from(`\ufeff${TYPES}orto,Orto,Garden,Pesto\n`),
        Buffer.from('brezza,Bré,Sea,x\n', 'latin1'),
      ]),
    });
    expect(reported[0]).toBe('types.csv:3: not UTF-8, as the rest of the file is');
  });

  it('with whole numbers and prices as a data frame writes them give the same orders', async () => {
    const { orders } = await plan();
    const floats = await plan({
      orders: `${ORDERS}1.0,2024-02-29,12:04:31\n2.00,2024-03-01,18:00:00\n`,
      details: `${DETAILS}1.0,1,orto_s,2.0\n2.0,1.0,brezza_l,1.0\n3.0,2.0,orto_s,1\n`,
      pizzas: `${PIZZAS}orto_s,orto,S,10.5000\nbrezza_l,brezza,L,18.0\n`,
    });
    expect(floats.reported).toEqual([]);
    expect(floats.orders).toEqual(orders);
  });

  it('with CRLF and details in any order give the same orders', async () => {
    const { orders } = await plan();
    const shuffled = await plan({
      details: `${DETAILS}3,2,orto_s,1\n1,1,orto_s,2\n2,1,brezza_l,1\n`.replaceAll('\n', '\r\n'),
    });
    expect(shuffled.orders).toEqual(orders);
  });

  it('read twice give the same ids, and others for another customer', async () => {
    const { orders } = await plan();
    const ids = (customerId: string) => orders.map((order) => placeOrder(order, { ...origin, customerId }).state.id);
    expect(ids('walk-in')).toEqual(ids('walk-in'));
    expect(new Set([...ids('walk-in'), ...ids('other')]).size).toBe(4);
  });

  it('make menu items', async () => {
    const { priceList } = await plan();
    expect([...priceList.values()].map(toMenuItem)[0]).toEqual({
      name: 'Orto Felice',
      category: 'Garden',
      size: 'S',
      price: '10.50',
      ingredients: ['Pesto', 'Courgette'],
    });
  });
});

describe('a bad line of the details', () => {
  it.each([
    ['an unknown pizza', '3,2,nobody,1', 'unknown pizza "nobody"; order "2" is skipped'],
    [
      'a quantity of zero',
      '3,2,orto_s,0',
      'quantity must be a whole number from 1 to 1000, not "0"; order "2" is skipped',
    ],
    [
      'a quantity with a fraction',
      '3,2,orto_s,1.5',
      'quantity must be a whole number from 1 to 1000, not "1.5"; order "2" is skipped',
    ],
    [
      'a quantity above the limit',
      '3,2,orto_s,1001',
      'quantity must be a whole number from 1 to 1000, not "1001"; order "2" is skipped',
    ],
    ['no pizza', '3,2,,1', 'no pizza_id; order "2" is skipped'],
    ['a field too few', '3,2,orto_s', '3 fields where the header has 4; order "2" is skipped'],
    ['its first field lost', '2,orto_s,1', '3 fields where the header has 4; order "2" is skipped'],
    ['an open quote', '3,2,"orto_s,1', 'a quote that is not closed, or text beside it; order "2" is skipped'],
    ['the id of another one', '2,2,orto_s,1', 'order_details_id "2" is in the file twice; order "2" is skipped'],
  ])('with %s is reported and its whole order is skipped', async (_, line, message) => {
    const { numbers, reported, skippedOrders } = await plan({
      details: `${DETAILS}1,1,orto_s,2\n2,1,brezza_l,1\n4,2,orto_s,1\n${line}\n`,
    });
    expect(reported).toEqual([`details.csv:5: ${message}`]);
    expect(numbers).toEqual(['1']);
    expect(skippedOrders).toBe(1);
  });

  it.each([
    ['an order that is not there', '4,99,orto_s,1', 'there is no order "99"'],
    ['no order', '4,,orto_s,1', 'no order_id'],
  ])('with %s is reported and skips no order', async (_, line, message) => {
    const { numbers, reported, skippedOrders } = await plan({ details: `${DETAILS_OF_BOTH}${line}\n` });
    expect(reported).toEqual([`details.csv:5: ${message}`]);
    expect(numbers).toEqual(['1', '2']);
    expect(skippedOrders).toBe(0);
  });

  it('which may belong to either of two orders skips both', async () => {
    const { numbers, reported } = await plan({ details: `${DETAILS_OF_BOTH}2,1,orto_s\n` });
    expect(reported).toEqual(['details.csv:5: 3 fields where the header has 4; the orders "1" and "2" are skipped']);
    expect(numbers).toEqual([]);
  });

  it('which is the 101st of its order skips the order', async () => {
    const lines = Array.from({ length: 101 }, (_, index) => `x${index},2,orto_s,1\n`).join('');
    const atTheLimit = await plan({ details: `${DETAILS}1,1,orto_s,1\n${lines.slice(0, lines.lastIndexOf('x'))}` });
    const above = await plan({ details: `${DETAILS}1,1,orto_s,1\n${lines}` });
    expect(atTheLimit.orders[1]?.items).toHaveLength(100);
    expect(above.reported).toEqual(['details.csv:103: an order has at most 100 lines; order "2" is skipped']);
    expect(above.numbers).toEqual(['1']);
  });
});

describe('a bad line of the orders', () => {
  it.each([
    ['a day that is not in the calendar', '2,2023-02-29,12:00:00'],
    ['a date in another form', '2,1/3/2024,12:00:00'],
    ['an hour that is not on the clock', '2,2024-03-01,24:00:00'],
    ['no time', '2,2024-03-01,'],
  ])('with %s is reported once and its order is skipped', async (_, line) => {
    const { numbers, reported, skippedOrders } = await plan({ orders: `${ORDERS}1,2024-02-29,12:04:31\n${line}\n` });
    expect(reported).toHaveLength(1);
    expect(reported[0]).toMatch(/^orders\.csv:3: no date and time: .*; order "2" is skipped$/);
    expect(numbers).toEqual(['1']);
    expect(skippedOrders).toBe(1);
  });

  it('with a time more than a day ahead of the clock is reported and its order is skipped', async () => {
    const line = (number: number, hoursAhead: number) => {
      const time = new Date(Date.now() + hoursAhead * 3_600_000).toISOString();
      return `${number},${time.slice(0, 10)},${time.slice(11, 19)}\n`;
    };
    const { numbers, reported } = await plan({ orders: `${ORDERS}${line(1, 23)}${line(2, 25)}` });
    expect(reported).toHaveLength(1);
    expect(reported[0]).toMatch(/^orders\.csv:3: [-\d]+ [:\d]+ is in the future; order "2" is skipped$/);
    expect(numbers).toEqual(['1']);
  });

  it('with the id of another one skips the order of that id, since its details may belong to either', async () => {
    const { numbers, reported } = await plan({
      orders: `${ORDERS}1,2024-02-29,12:04:31\n2,2024-03-01,18:00:00\n2,2024-03-02,18:00:00\n`,
    });
    expect(reported).toEqual(['orders.csv:4: order_id "2" is in the file twice; order "2" is skipped']);
    expect(numbers).toEqual(['1']);
  });

  it('with a wrong number of fields skips the order', async () => {
    const { numbers, reported } = await plan({ orders: `${ORDERS}1,2024-02-29,12:04:31\n2,2024-03-01,18:00:00,x\n` });
    expect(reported).toEqual(['orders.csv:3: 4 fields where the header has 3; order "2" is skipped']);
    expect(numbers).toEqual(['1']);
  });

  it('without details is reported and skipped', async () => {
    const { numbers, reported } = await plan({ details: `${DETAILS}3,2,orto_s,1\n` });
    expect(reported).toEqual(['orders.csv:2: order "1" has no details; it is skipped']);
    expect(numbers).toEqual(['2']);
  });

  it('whose pizzas are all free is refused by the domain and skipped', async () => {
    const { numbers, reported } = await plan({ pizzas: `${PIZZAS}orto_s,orto,S,0\nbrezza_l,brezza,L,18\n` });
    expect(reported).toEqual(['orders.csv:3: order "2" is refused: Order total must be positive; it is skipped']);
    expect(numbers).toEqual(['1']);
  });
});

describe('a bad line of the price list', () => {
  it.each([
    ['a price above the limit', 'orto_s,orto,S,10000.01', 'price must be'],
    ['a negative price', 'orto_s,orto,S,-1', 'price must be'],
    ['a price in another form', 'orto_s,orto,S,1e3', 'price must be'],
    ['three decimals', 'orto_s,orto,S,1.005', 'price must be'],
    ['an unknown type', 'orto_s,nobody,S,1', 'unknown pizza type "nobody"'],
    ['a control character', 'orto\u0007,orto,S,1', 'pizza_id has characters that are not text: "orto\\u0007"'],
    ['a name that is too long', `${'x'.repeat(201)},orto,S,1`, 'pizza_id has more than 200 characters'],
  ])('with %s is reported, and so are the orders of that pizza', async (_, line, message) => {
    const { numbers, reported } = await plan({ pizzas: `${PIZZAS}${line}\nbrezza_l,brezza,L,18\n` });
    expect(reported[0]).toContain(`pizzas.csv:2: ${message}`);
    expect(reported.slice(1)).toEqual([
      'details.csv:2: unknown pizza "orto_s"; order "1" is skipped',
      'details.csv:4: unknown pizza "orto_s"; order "2" is skipped',
    ]);
    expect(numbers).toEqual([]);
  });

  it('with the id of another pizza leaves both out, since nobody knows which price is right', async () => {
    const { numbers, reported } = await plan({
      pizzas: `${PIZZAS}orto_s,orto,S,1\nbrezza_l,brezza,L,18\nbrezza_l,brezza,L,19\n`,
    });
    expect(reported[0]).toBe('pizzas.csv:4: pizza_id "brezza_l" is in the file twice: neither line is used');
    expect(numbers).toEqual(['2']);
  });
});

describe('a file', () => {
  it('that is not there is an error that names it', async () => {
    const files = { ...writeFiles(), pizzas: '/nowhere/pizzas.csv' };
    const planning = planImport(files, origin, reading);
    await expect(planning).rejects.toThrow(InputError);
    await expect(planning).rejects.toThrow('/nowhere/pizzas.csv cannot be read');
  });

  it.each([
    ['semicolons', `${ORDERS}1,2024-02-29,12:04:31\n`.replaceAll(',', ';'), 'separates its fields by semicolons'],
    ['UTF-16', Buffer.from(`\ufeff${ORDERS}`, 'utf16le'), 'is UTF-16: save it as UTF-8'],
    ['CR', ORDERS.replace('\n', '\r1,2024-02-29,12:04:31\r'), 'has lines that end in CR alone'],
  ])('with %s is an error that names it and says so', async (_, orders, message) => {
    const files = writeFiles({ orders });
    await expect(planImport(files, origin, reading)).rejects.toThrow(`${files.orders} ${message}`);
  });

  it.each([
    ['a workbook', Buffer.from('PK\x03\x04\x14\0\r\n'), 'is a workbook (.xlsx, .ods) or a ZIP file, not text'],
    ['an old workbook', Buffer.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xff, 0xfe), 'is a workbook (.xls), not text'],
    ['packed', gzipSync(ORDERS), 'is packed by gzip, not text'],
  ])('that is %s is an error that says so, and what to do', async (_, orders, message) => {
    const files = writeFiles({ orders });
    await expect(planImport(files, origin, reading)).rejects.toThrow(`${files.orders} ${message}: save it as CSV`);
  });

  it('is not read on when the import is interrupted', async () => {
    const interrupt = new AbortController();
    const report = () => interrupt.abort();
    const orders = `${ORDERS}bad\n${'1,2024-02-29,12:04:31\n'.repeat(100_000)}`;
    const planning = planImport(writeFiles({ orders }), origin, { report, signal: interrupt.signal });
    await expect(planning).rejects.toThrow(/aborted/);
  });

  it('given for another one is an error that names the missing column', async () => {
    const files = writeFiles();
    await expect(planImport({ ...files, orders: files.details }, origin, reading)).rejects.toThrow(
      `${files.details} has no column "date"`,
    );
  });
});
