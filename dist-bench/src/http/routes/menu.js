import Type from 'typebox';
import { answers } from "../answers.js";
import { menuItemJson, menuJson, toMenuItem } from "./menu-json.js";
import { ProblemError, problems } from "../problems.js";
import { Menu, MenuItem, MenuItemBody, ref, Sku } from "../schemas/schemas.js";
const tags = ['Menu'];
const MenuParams = Type.Object({ sku: Sku });
/** The routes of the price list. A new price touches no order: each has its prices in its own events. */
export const menuRoutes = (app, { menu, currency }, done) => {
    app.get('/menu', {
        schema: {
            tags,
            operationId: 'getMenu',
            summary: 'The menu by category, each item with its sizes and prices',
            response: answers({ 200: ref(Menu) }, [429, 500, 503]),
        },
    }, async () => menuJson(currency, await menu.list()));
    app.put('/menu/:sku', {
        schema: {
            tags,
            operationId: 'putMenuItem',
            summary: 'Put an item on the menu, or change it',
            params: MenuParams,
            body: ref(MenuItemBody),
            response: answers({ 200: ref(MenuItem), 201: ref(MenuItem) }, [400, 408, 413, 415, 429, 500, 503]),
        },
    }, async (request, reply) => {
        const item = toMenuItem(request.params.sku, request.body);
        if (await menu.put(item))
            void reply.code(201);
        return menuItemJson(item);
    });
    app.delete('/menu/:sku', {
        schema: {
            tags,
            operationId: 'deleteMenuItem',
            summary: 'Withdraw an item from the menu',
            params: MenuParams,
            response: answers({ 204: Type.Null({ description: 'Withdrawn' }) }, [400, 404, 408, 413, 415, 429, 500, 503]),
        },
    }, async (request, reply) => {
        const { sku } = request.params;
        if (!(await menu.remove(sku)))
            throw new ProblemError(problems.notFound(`There is no item ${sku} on the menu`));
        return reply.code(204).send(null);
    });
    done();
};
