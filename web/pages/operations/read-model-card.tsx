import { may } from '../../app/session.ts';
import { count, dateTime } from '../../ui/format.ts';
import { Fact } from './fact.tsx';
import { Rebuild } from './rebuild.tsx';
import { isLagNormal, NORMAL_LAG, READ_MODELS, type ReadModel, STATES } from './state.ts';
import { Verify } from './verify.tsx';

export function ReadModelCard({ item }: { readonly item: ReadModel }) {
  const { name, state, lag, stalled, lastError, rebuild } = item;
  const [title, purpose] = READ_MODELS[name];
  const [stateName, meaning, isNormal] = STATES[state];
  return (
    <li class="card read-model" data-read-model={name}>
      <div class="row between">
        <h3>{title}</h3>
        <span class={`badge ${state === 'rebuilding' ? 'cooking' : isNormal ? 'ready' : 'pending'}`}>{stateName}</span>
      </div>
      <small>
        {purpose}.{state !== 'consuming' && ` ${meaning}`}
      </small>
      {lastError !== null && <p class="problem">{lastError}</p>}
      <dl class="facts">
        <Fact
          label="Behind by"
          normal={`up to ${count(NORMAL_LAG.events)} events and ${NORMAL_LAG.seconds} s`}
          isNormal={isLagNormal(item)}
        >
          {count(lag.events)} {lag.events === 1 ? 'event' : 'events'}, {count(Math.round(lag.seconds))} s
        </Fact>
        <Fact label="Standing still" normal="0; more with parked events" isNormal={stalled === 0}>
          {count(stalled)}
        </Fact>
        <Fact label="Last rebuild" normal="never, or done" isNormal={rebuildIsNormal(item)}>
          {rebuildWords(rebuild)}
        </Fact>
      </dl>
      {may('POST /admin/projections/:name/rebuild') && <Rebuild item={item} />}
      {may('POST /admin/projections/:name/verify') && <Verify name={name} />}
    </li>
  );
}

function rebuildIsNormal({ rebuild }: ReadModel): boolean {
  return rebuild === null || rebuild.state === 'done' || rebuild.state === 'running';
}

function rebuildWords(rebuild: ReadModel['rebuild']): string {
  if (!rebuild) return 'never';
  switch (rebuild.state) {
    case 'running':
      return `running since ${dateTime(rebuild.startedAt)}`;
    case 'interrupted':
      return `interrupted at ${rebuild.percent} %; rebuild it to go on`;
    case 'failed':
      return `failed: ${rebuild.error ?? 'nobody knows why'}`;
    case 'done':
      return `done, ${dateTime(rebuild.finishedAt ?? rebuild.startedAt)}, ${count(rebuild.events)} events`;
  }
}
