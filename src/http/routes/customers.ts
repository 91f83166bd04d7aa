import type { App } from './app.ts';
import Type, { type Static } from 'typebox';
import type { CustomerAtRevision, CustomerCommands } from '../../commands/customer-commands.ts';
import { GONE_REVISION } from '../../read-models/documents/stream-model.ts';
import type { CustomerDocument } from '../../read-models/customers/document.ts';
import type { CustomerQueries } from '../../read-models/customers/queries.ts';
import { callerOf } from '../requests/caller.ts';
import { problem } from '../problems/catalogue.ts';
import { notFound, ProblemError } from '../problems/errors.ts';
import { isUnmodified, preconditionOf, revisionTag } from '../requests/preconditions.ts';
import { CommandHeaders, CustomerId, MinRevision, NotModified, ReadHeaders, ref } from '../schemas/common.ts';
import { Customer, CustomerBody } from '../schemas/customers.ts';
import type { Pressure } from '../server/pressure.ts';
import { findAtRevision } from '../requests/wait-for-revision.ts';

const tags = ['Customers'];
const CustomerParams = Type.Object({ customerId: CustomerId });

export interface CustomerRoutesOptions {
  readonly customerCommands: CustomerCommands;
  readonly customers: CustomerQueries;
  readonly pressure: Pick<Pressure, 'awaitingReadModel'>;
}

/** The routes of customers, whose present details their orders show. */
export function customerRoutes(app: App, { customerCommands, customers, pressure }: CustomerRoutesOptions): void {
  app.put(
    '/customers/:customerId',
    {
      schema: {
        tags,
        operationId: 'putCustomer',
        summary: 'Register a customer, or change the details; all orders of the customer show them',
        headers: CommandHeaders,
        params: CustomerParams,
        body: ref(CustomerBody),
        response: { 200: ref(Customer), 201: ref(Customer) },
      },
    },
    async (request, reply) => {
      const { customerId } = request.params;
      const precondition = preconditionOf(request.headers);
      const set = await customerCommands.setDetails(customerId, request.body, callerOf(request), precondition);
      if (set.isNew) void reply.code(201).header('location', `/customers/${encodeURIComponent(customerId)}`);
      void reply.header('etag', revisionTag(set.revision));
      return storedCustomerJson(set);
    },
  );

  app.get(
    '/customers/:customerId',
    {
      schema: {
        tags,
        operationId: 'getCustomer',
        summary: 'One customer; `minRevision` waits until the read model has seen a change of yours',
        params: CustomerParams,
        querystring: MinRevision,
        headers: ReadHeaders,
        response: { 200: ref(Customer), 304: NotModified },
      },
    },
    async (request, reply) => {
      const { customerId } = request.params;
      const find = () => customers.find(customerId);
      const found = await findAtRevision(`customer ${customerId}`, request.query.minRevision, find, pressure);
      if (!found) throw notFound(`Customer ${customerId} not found`);
      if (found.revision === GONE_REVISION) throw new ProblemError(problem('gone'));
      const tag = revisionTag(found.revision);
      if (isUnmodified(request, reply, tag)) return reply.code(304).send();
      return customerJson(found);
    },
  );
}

/** The customer as a command answers it. */
function storedCustomerJson({ state: { id, ...details }, revision }: CustomerAtRevision): Static<typeof Customer> {
  return { customerId: id, revision, ...details };
}

/** The customer as the read model has it. */
function customerJson({ _id, registeredAt, lastUpdated, ...rest }: CustomerDocument): Static<typeof Customer> {
  return {
    customerId: _id,
    ...rest,
    registeredAt: registeredAt.toISOString(),
    lastUpdated: lastUpdated.toISOString(),
  };
}
