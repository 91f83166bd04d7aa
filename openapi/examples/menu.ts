import type { Static } from 'typebox';
import { problem } from '../../src/http/problems/catalogue.ts';
import type { Menu, MenuItem, MenuItemBody } from '../../src/http/schemas/menu.ts';
import { wrongField } from './problems.ts';
import type { OperationDocumentations } from './documentation.ts';
import { sku } from './story.ts';

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
  putMenuItem: {
    bodies: {
      withSize: menuItemBody,
      plain: { name: 'Lanterna', category: 'Classic', price: '11.50' },
    } satisfies Record<string, Static<typeof MenuItemBody>>,
    answers: {
      200: {
        description: 'Changed; orders keep the price that they were placed at',
        examples: { plain: { ...menuItem, size: null, ingredients: [] } } satisfies Record<
          string,
          Static<typeof MenuItem>
        >,
      },
      201: { description: 'Put on the menu', examples: { withSize: menuItem } },
    },
    problems: {
      field: wrongField(
        'body',
        '#/price',
        'must be a decimal amount from "0" to "10000.00" with at most two decimals, as a string',
      ),
    },
  },
  deleteMenuItem: {
    answers: { 204: { description: 'Withdrawn; orders that have it keep it' } },
    problems: {
      field: wrongField('params', '#/sku', 'must be an item of the menu: 1 to 200 characters, no control characters'),
      notFound: problem('not-found', 'There is no item nothing on the menu'),
    },
  },
};
