import type { Static } from 'typebox';
import { problem } from '../../src/http/problems/catalogue.ts';
import { ruledOut } from '../../src/http/requests/preconditions.ts';
import type { Menu, MenuItem, MenuItemBody, MenuItemHistory } from '../../src/http/schemas/menu.ts';
import { changeProblems, gone, wrongField } from './problems.ts';
import type { OperationDocumentations } from './documentation.ts';
import { actor, discountedAt, placedAt, sku } from './story.ts';

const menuItemBody: Static<typeof MenuItemBody> = {
  name: 'Lanterna',
  category: 'Classic',
  size: 'M',
  price: '11.50',
  ingredients: ['Tomato Sauce', 'Fior di Latte', 'Basil', 'Olive Oil'],
};
export const menuItem: Static<typeof MenuItem> = {
  sku,
  ...menuItemBody,
  size: 'M',
  ingredients: menuItemBody.ingredients ?? [],
};

const history: Static<typeof MenuItemHistory> = {
  items: [
    { timestamp: placedAt, revision: 0, eventType: 'MenuItemAdded', actor, ...menuItem },
    { timestamp: discountedAt, revision: 1, eventType: 'MenuItemChanged', actor, ...menuItem, price: '12.00' },
  ],
};
const unknown = problem('not-found', 'There is no item nothing on the menu');
const changing = changeProblems('menu item');
const headers = { 'idempotency-key': 'lanterna-0001', 'if-match': '"0"', 'if-none-match': '"1"' };

const wholeMenu: Static<typeof Menu> = {
  currency: 'USD',
  categories: [
    {
      category: 'Classic',
      items: [
        {
          name: menuItem.name,
          ingredients: menuItem.ingredients,
          sizes: [
            { sku: 'lanterna_s', size: 'S', price: '8.50' },
            { sku, size: 'M', price: '11.50' },
          ],
        },
      ],
    },
  ],
};

export const menu: OperationDocumentations = {
  getMenu: {
    answers: {
      200: { description: 'The menu', examples: { menu: wholeMenu, empty: { currency: 'USD', categories: [] } } },
    },
  },
  getMenuItem: {
    parameters: { minRevision: 0, 'if-match': '"0"', 'if-none-match': '"0"' },
    answers: {
      200: { description: 'The item as the read model has it', headers: ['ETag'], examples: { plain: menuItem } },
      304: { description: 'Not modified: If-None-Match names this very answer', headers: ['ETag'] },
    },
    problems: {
      field: wrongField('querystring', '#/colour', 'is not a known field'),
      gone,
      stale: ruledOut,
      notFound: unknown,
      notYetProjected: problem(
        'not-yet-projected',
        `The read model is at revision 0 of menu item ${sku}, not yet at 9`,
      ),
    },
  },
  getMenuItemHistory: {
    answers: { 200: { description: 'The item after each of its events', examples: { repriced: history } } },
    problems: {
      field: wrongField('params', '#/sku', 'must be an item of the menu: 1 to 200 characters, no control characters'),
      gone,
      notFound: problem('not-found', 'There was never an item nothing on the menu'),
    },
  },
  putMenuItem: {
    parameters: headers,
    bodies: {
      withSize: menuItemBody,
      plain: { name: 'Lanterna', category: 'Classic', price: '11.50' },
    } satisfies Record<string, Static<typeof MenuItemBody>>,
    answers: {
      200: {
        description:
          'Changed, or the present details again, which store nothing; orders keep the price that they were placed at',
        headers: ['ETag'],
        examples: { plain: { ...menuItem, size: null, ingredients: [] } } satisfies Record<
          string,
          Static<typeof MenuItem>
        >,
      },
      201: { description: 'Put on the menu', headers: ['ETag', 'Location'], examples: { withSize: menuItem } },
    },
    problems: {
      field: wrongField(
        'body',
        '#/price',
        'must be a decimal amount from "0" to "10000.00" with at most two decimals, as a string',
      ),
      ...changing,
    },
  },
  deleteMenuItem: {
    parameters: headers,
    answers: { 204: { description: 'Withdrawn; orders that have it keep it' } },
    problems: {
      field: wrongField('params', '#/sku', 'must be an item of the menu: 1 to 200 characters, no control characters'),
      notFound: unknown,
      ...changing,
    },
  },
};
