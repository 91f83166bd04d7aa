import type { App } from './app.ts';
import Type from 'typebox';
import { MenuItemNotFoundError } from '../../commands/errors.ts';
import type { MenuCommands } from '../../commands/menu-commands.ts';
import type { MenuItemEvent, MenuItemState } from '../../domain/menu-item.ts';
import type { EventSourcingRepository } from '../../eventstoredb/repository.ts';
import { GONE_REVISION } from '../../read-models/documents/stream-model.ts';
import { toState } from '../../read-models/menu/document.ts';
import type { MenuQueries } from '../../read-models/menu/queries.ts';
import { problem } from '../problems/catalogue.ts';
import { notFound, ProblemError } from '../problems/errors.ts';
import { callerOf } from '../requests/caller.ts';
import { isUnmodified, preconditionOf, revisionTag } from '../requests/preconditions.ts';
import { findAtRevision } from '../requests/wait-for-revision.ts';
import { CommandHeaders, MinRevision, NotModified, ReadHeaders, ref, Sku } from '../schemas/common.ts';
import { Menu, MenuItem, MenuItemBody, MenuItemHistory } from '../schemas/menu.ts';
import type { Pressure } from '../server/pressure.ts';
import { menuItemHistoryJson, menuItemJson, menuJson, toDetails } from './menu-json.ts';

const tags = ['Menu'];
const MenuParams = Type.Object({ sku: Sku });

export interface MenuRoutesOptions {
  readonly menu: Pick<MenuQueries, 'list' | 'find'>;
  readonly menuCommands: Pick<MenuCommands, 'put' | 'withdraw'>;
  readonly menuHistory: Pick<EventSourcingRepository<MenuItemState, MenuItemEvent>, 'history'>;
  readonly currency: string;
  readonly pressure: Pick<Pressure, 'awaitingReadModel'>;
}

/** The routes of the price list. A new price touches no order: each has its prices in its own events. */
export function menuRoutes(app: App, { menu, menuCommands, menuHistory, currency, pressure }: MenuRoutesOptions): void {
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

  app.get(
    '/menu/:sku',
    {
      schema: {
        tags,
        operationId: 'getMenuItem',
        summary: 'One item of the menu; `minRevision` waits until the read model has seen a change of yours',
        params: MenuParams,
        querystring: MinRevision,
        headers: ReadHeaders,
        response: { 200: ref(MenuItem), 304: NotModified },
      },
    },
    async (request, reply) => {
      const { sku } = request.params;
      const found = await findAtRevision(`menu item ${sku}`, request.query.minRevision, () => menu.find(sku), pressure);
      if (found?.revision === GONE_REVISION) throw new ProblemError(problem('gone'));
      if (!found?.isOnMenu) throw new MenuItemNotFoundError(sku);
      const tag = revisionTag(found.revision);
      if (isUnmodified(request, reply, tag)) return reply.code(304).send();
      return menuItemJson(toState(found));
    },
  );

  app.get(
    '/menu/:sku/history',
    {
      schema: {
        tags,
        operationId: 'getMenuItemHistory',
        summary: 'Every price and change of an item, oldest first: what it was, since when, and who did it',
        params: MenuParams,
        response: { 200: ref(MenuItemHistory) },
      },
    },
    async (request) => {
      const { sku } = request.params;
      const events = await menuHistory.history(sku);
      if (events.length === 0) throw notFound(`There was never an item ${sku} on the menu`);
      return menuItemHistoryJson(events);
    },
  );

  app.put(
    '/menu/:sku',
    {
      schema: {
        tags,
        operationId: 'putMenuItem',
        summary: 'Put an item on the menu, or change it',
        headers: CommandHeaders,
        params: MenuParams,
        body: ref(MenuItemBody),
        response: { 200: ref(MenuItem), 201: ref(MenuItem) },
      },
    },
    async (request, reply) => {
      const { sku } = request.params;
      const precondition = preconditionOf(request.headers);
      const set = await menuCommands.put(sku, toDetails(request.body), callerOf(request), precondition);
      if (set.isNew) void reply.code(201).header('location', `/menu/${encodeURIComponent(sku)}`);
      void reply.header('etag', revisionTag(set.revision));
      return menuItemJson(set.state);
    },
  );

  app.delete(
    '/menu/:sku',
    {
      schema: {
        tags,
        operationId: 'deleteMenuItem',
        summary: 'Withdraw an item from the menu',
        headers: CommandHeaders,
        params: MenuParams,
        response: { 204: Type.Null({ description: 'Withdrawn' }) },
      },
    },
    async (request, reply) => {
      await menuCommands.withdraw(request.params.sku, callerOf(request), preconditionOf(request.headers));
      return reply.code(204).send(null);
    },
  );
}
