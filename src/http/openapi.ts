import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

/** The head of the OpenAPI document; its paths come from the routes, its components from the shared schemas. */
export const openApiInfo: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Mario’s Pizzeria order service',
      version: '1.0.0',
      description:
        'Place, confirm, pay and track pizza orders. Every change is an event in EventStoreDB; what is read comes from ' +
        'MongoDB read models made of those events. Amounts are strings with two decimals, times RFC 3339 in UTC, ' +
        'errors `application/problem+json`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/', description: 'this service' }],
    tags: [
      { name: 'Orders: commands', description: 'Change orders' },
      { name: 'Orders: queries', description: 'Read orders' },
      { name: 'Analytics', description: 'Figures over many orders' },
      { name: 'Orders: history', description: 'What an order was, and how it came to be what it is' },
      { name: 'Audit', description: 'Who did what when, across orders' },
      { name: 'Customers', description: 'Names and emails that orders show' },
      { name: 'Menu', description: 'The price list' },
      { name: 'Operations', description: 'Health and metrics' },
    ],
  },
  refResolver: {
    buildLocalReference: (json, _base, _fragment, index) =>
      typeof json['$id'] === 'string' ? json['$id'] : `schema-${index}`,
  },
};
