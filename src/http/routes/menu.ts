import type { App } from './app.ts';
import Type from 'typebox';
import type { MenuStore } from '../../read-models/menu/store.ts';
import { notFound, ProblemError } from '../problems/errors.ts';
import { preconditionOf, ruledOut, UNTAGGED } from '../requests/preconditions.ts';
import { Preconditions, ref, Sku } from '../schemas/common.ts';
import { Menu, MenuItem, MenuItemBody } from '../schemas/menu.ts';
import { menuItemJson, menuJson, toMenuItem } from './menu-json.ts';

const tags = ['Menu'];
const MenuParams = Type.Object({ sku: Sku });

export interface MenuRoutesOptions {
  readonly menu: Pick<MenuStore, 'list' | 'put' | 'remove'>;
  readonly currency: string;
}

/** The routes of the price list. A new price touches no order: each has its prices in its own events. */
export function menuRoutes(app: App, { menu, currency }: MenuRoutesOptions): void {
  app.get(
    '/menu',
    {
      schema: {
        tags,
        operationId: 'getMenu',
        summary: 'The menu by category, each item with its sizes and prices',
        response: { 200: ref(Menu) },
      },
    },
    async () => menuJson(currency, await menu.list()),
  );

  app.put(
    '/menu/:sku',
    {
      schema: {
        tags,
        operationId: 'putMenuItem',
        summary: 'Put an item on the menu, or change it',
        headers: Preconditions,
        params: MenuParams,
        body: ref(MenuItemBody),
        response: { 200: ref(MenuItem), 201: ref(MenuItem) },
      },
    },
    async (request, reply) => {
      const item = toMenuItem(request.params.sku, request.body);
      const allows = preconditionOf(request.headers) ?? (() => true);
      const put = await menu.put(item, { canAdd: allows(-1), canChange: allows(UNTAGGED) });
      if (put === undefined) throw new ProblemError(ruledOut);
      if (put === 'added') void reply.code(201);
      return menuItemJson(item);
    },
  );

  app.delete(
    '/menu/:sku',
    {
      schema: {
        tags,
        operationId: 'deleteMenuItem',
        summary: 'Withdraw an item from the menu',
        headers: Preconditions,
        params: MenuParams,
        response: { 204: Type.Null({ description: 'Withdrawn' }) },
      },
    },
    async (request, reply) => {
      const { sku } = request.params;
      if (preconditionOf(request.headers)?.(UNTAGGED) === false) throw new ProblemError(ruledOut);
      if (!(await menu.remove(sku))) throw notFound(`There is no item ${sku} on the menu`);
      return reply.code(204).send(null);
    },
  );
}
