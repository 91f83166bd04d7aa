import { Document, type Value } from '../bson/values.ts';
import { badValue, typeMismatch } from '../errors.ts';
import { planOf, queryOf, rowsOf, idOf, type Query } from '../query/execute.ts';
import type { Plan } from '../query/plan.ts';
import { describeIndex } from '../storage/index-spec.ts';
import type { Collection } from '../storage/collection.ts';
import { pipelineOf, planAggregation, runAggregation } from './aggregate.ts';
import { assertNamespace, type Command, type Context, type Reply, type Request } from './context.ts';
import { findQuery } from './find.ts';

interface Explained {
  readonly query: Query;
  readonly run: (collection: Collection, counters: { keys: number; documents: number }) => number;
}

function explained(command: Document): Explained {
  const [name] = Object.keys(command);
  const counting = (query: Query): Explained => ({
    query,
    run: (collection, counters) => [...rowsOf(collection, query, 1000, planOf(collection, query), counters)].length,
  });
  switch (name) {
    case 'find':
      return counting(findQuery(command));
    case 'count':
      return counting(findQuery(command, 'query'));
    case 'distinct':
      return counting(queryOf(command['query']));
    case 'aggregate': {
      const aggregation = planAggregation(pipelineOf(command), command['hint']);
      return {
        query: aggregation.query,
        run(collection, counters) {
          const results = runAggregation(collection, aggregation, 101, counters);
          let n = 0;
          while (results.next().done !== true) n += 1;
          return n;
        },
      };
    }
    case 'update':
    case 'delete':
      return counting(writeQuery(command, name));
    case 'findAndModify':
      return counting(queryOf(command['query']));
    default:
      throw badValue(`Explain failed due to unknown command: ${name ?? ''}`);
  }
}

function writeQuery(command: Document, name: 'update' | 'delete'): Query {
  const list = command[name === 'update' ? 'updates' : 'deletes'];
  const first = Array.isArray(list) ? list[0] : undefined;
  if (!(first instanceof Document)) throw badValue('explained write batches must be of size 1');
  return queryOf(first['q'], { hint: first['hint'] });
}

function describePlan(plan: Plan, query: Query): Record<string, unknown> {
  const direction = plan.reverse ? 'backward' : 'forward';
  let stage: Record<string, unknown>;
  if (plan.kind === 'collection') stage = { stage: 'COLLSCAN', direction };
  else if (idOf(query) !== undefined && query.hint === undefined) stage = { stage: 'IDHACK' };
  else {
    const { index } = plan;
    const scan = {
      stage: 'IXSCAN',
      keyPattern: describeIndex(index)['key'] ?? null,
      indexName: index.name,
      isMultiKey: index.multikey,
      isUnique: index.unique,
      isSparse: index.sparse,
      isPartial: index.partial !== undefined,
      direction,
      ranges: plan.ranges.length,
    };
    stage = { stage: 'FETCH', inputStage: scan };
  }
  if (!plan.sorted) {
    const sortPattern = Object.fromEntries(query.sort.map((field) => [field.path, field.descending ? -1 : 1]));
    stage = { stage: 'SORT', sortPattern, inputStage: stage };
  }
  if (query.skip > 0) stage = { stage: 'SKIP', skipAmount: query.skip, inputStage: stage };
  return query.limit === Infinity ? stage : { stage: 'LIMIT', limitAmount: query.limit, inputStage: stage };
}

function explain(request: Request, context: Context): Reply {
  const command = request.body['explain'];
  if (!(command instanceof Document))
    throw typeMismatch("BSON field 'explain.explain' is the wrong type, expected type 'object'");
  const verbosity: Value = request.body['verbosity'] ?? 'allPlansExecution';
  if (verbosity !== 'queryPlanner' && verbosity !== 'executionStats' && verbosity !== 'allPlansExecution') {
    throw badValue("verbosity string must be one of {'queryPlanner', 'executionStats', 'allPlansExecution'}");
  }
  const name = Object.values(command)[0];
  if (typeof name !== 'string') throw typeMismatch('explain needs a collection');
  assertNamespace(request.db, name);
  const { query, run } = explained(command);
  const collection = context.store.find(request.db, name);
  const winningPlan = collection === undefined ? { stage: 'EOF' } : describePlan(planOf(collection, query), query);
  const queryPlanner = { namespace: `${request.db}.${name}`, winningPlan, rejectedPlans: [] };
  if (verbosity === 'queryPlanner') return { explainVersion: '1', queryPlanner, ok: 1 };
  const counters = { keys: 0, documents: 0 };
  const started = performance.now();
  const nReturned = collection === undefined ? 0 : run(collection, counters);
  const executionStats = {
    executionSuccess: true,
    nReturned,
    executionTimeMillis: Math.round(performance.now() - started),
    totalKeysExamined: counters.keys,
    totalDocsExamined: counters.documents,
  };
  return { explainVersion: '1', queryPlanner, executionStats, ok: 1 };
}

export const explainCommands: Readonly<Record<string, Command>> = {
  explain: { writes: false, fields: new Set(['verbosity']), run: explain },
};
