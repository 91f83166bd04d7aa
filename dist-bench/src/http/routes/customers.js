import Type, {} from 'typebox';
import { answers } from "../answers.js";
import { callerOf } from "../caller.js";
import { allowedRevisions, isUnmodified, revisionTag } from "../preconditions.js";
import { ProblemError, problems } from "../problems.js";
import { CommandHeaders, Customer, CustomerBody, CustomerId, ref } from "../schemas/schemas.js";
import { MinRevision, waitForRevision } from "../wait-for-revision.js";
const tags = ['Customers'];
const CustomerParams = Type.Object({ customerId: CustomerId });
/** The routes of customers, whose present details their orders show. */
export const customerRoutes = (app, { commands, customers, pressure }, done) => {
    app.put('/customers/:customerId', {
        schema: {
            tags,
            operationId: 'putCustomer',
            summary: 'Register a customer, or change the details; all orders of the customer show them',
            headers: CommandHeaders,
            params: CustomerParams,
            body: ref(CustomerBody),
            response: answers({ 200: ref(Customer), 201: ref(Customer) }, [400, 408, 409, 412, 413, 415, 422, 429, 500, 503]),
        },
    }, async (request, reply) => {
        const { customerId } = request.params;
        const ifMatch = request.headers['if-match'];
        const precondition = ifMatch === undefined ? undefined : { allowedRevisions: allowedRevisions(ifMatch) };
        const set = await commands.setDetails(customerId, request.body, callerOf(request), precondition);
        if (set.isNew)
            void reply.code(201).header('location', `/customers/${encodeURIComponent(customerId)}`);
        void reply.header('etag', revisionTag(set.revision));
        return storedCustomerJson(set);
    });
    app.get('/customers/:customerId', {
        schema: {
            tags,
            operationId: 'getCustomer',
            summary: 'One customer; `minRevision` waits until the read model has seen a change of yours',
            params: CustomerParams,
            querystring: Type.Object({ minRevision: Type.Optional(MinRevision) }, { additionalProperties: false }),
            headers: Type.Object({ 'if-none-match': Type.Optional(Type.String({ maxLength: 1000 })) }),
            response: answers({ 200: ref(Customer), 304: Type.Null({ description: 'Not modified' }) }, [400, 404, 429, 500, 503]),
        },
    }, async (request, reply) => {
        const { customerId } = request.params;
        const { minRevision } = request.query;
        const find = () => customers.find(customerId);
        const found = await (minRevision === undefined
            ? find()
            : waitForRevision(`customer ${customerId}`, minRevision, find, pressure));
        if (!found)
            throw new ProblemError(problems.notFound(`Customer ${customerId} not found`));
        const tag = revisionTag(found.revision);
        void reply.header('etag', tag);
        if (isUnmodified(request.headers['if-none-match'], tag))
            return reply.code(304).send(null);
        return customerJson(found);
    });
    done();
};
/** The customer as a command answers it. */
function storedCustomerJson({ state, revision }) {
    const { id, name, email, phone, registeredAt, lastUpdated } = state;
    return { customerId: id, revision, name, email, phone, registeredAt, lastUpdated };
}
/** The customer as the read model has it. */
function customerJson({ _id, registeredAt, lastUpdated, ...rest }) {
    return {
        customerId: _id,
        ...rest,
        registeredAt: registeredAt.toISOString(),
        lastUpdated: lastUpdated.toISOString(),
    };
}
