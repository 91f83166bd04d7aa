import { useEffect, useState } from 'preact/hooks';
import { api, ask, Problem } from '../../api/client.ts';
import { announce } from '../../ui/announcer.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { count } from '../../ui/format.ts';
import { ProblemNotice } from '../../ui/notice.tsx';
import { hasEnded, READ_MODELS, type ReadModel, rebuildKey } from './state.ts';

/** Builds a read model anew, when asked for, and shows how far it is until the end. */
export function Rebuild({ item }: { readonly item: ReadModel }) {
  const { name, rebuild } = item;
  const [title] = READ_MODELS[name];
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  /** Key of what was there before a rebuild was asked for; undefined when none is waited for. */
  const [before, setBefore] = useState<string>();
  const [outcome, setOutcome] = useState('');
  const isRunning = rebuild?.state === 'running';

  useEffect(() => {
    if (isRunning) setBefore('');
    else if (before !== undefined && hasEnded(item, before)) {
      setBefore(undefined);
      const words = `${title}: the rebuild is ${rebuild?.state ?? 'done'}.`;
      setOutcome(words);
      announce(words);
    }
  }, [rebuildKey(item), before]);

  async function start(): Promise<void> {
    setProblem(undefined);
    const key = rebuildKey(item);
    try {
      await ask(api.POST('/admin/projections/{name}/rebuild', { params: { path: { name } } }));
    } catch (error) {
      // Somebody else's is watched just the same.
      if (!(error instanceof Problem) || error.status !== 409) throw error;
      announce(error.message);
    }
    setOutcome('');
    setBefore(key);
    setAsking(false);
  }

  return (
    <>
      {(isRunning || before !== undefined) && (
        <div class="progress">
          <progress max="100" value={isRunning ? rebuild.percent : 0} aria-label={`Rebuild of ${title}`} />
          <small>{isRunning ? `${rebuild.percent} %, ${count(rebuild.events)} events` : 'beginning …'}</small>
        </div>
      )}
      {outcome && <p class="outcome">{outcome}</p>}
      <Button
        aria-label={`Rebuild ${title} …`}
        onPress={() => {
          setProblem(undefined);
          setAsking(true);
        }}
      >
        Rebuild …
      </Button>
      {isAsking && (
        <Dialog title={`Rebuild ${title}?`} onClose={() => setAsking(false)}>
          <div class="stack">
            <p>
              {name === 'analytics'
                ? 'The figures of all days are forgotten, and added up again when somebody asks for them.'
                : 'The whole log is read, and the read model is built anew beside the one that serves, which it replaces at the end. With many orders this takes minutes.'}{' '}
              Nothing is lost, and orders go on.
              {rebuild?.state === 'interrupted' && ' The one that was interrupted goes on where it was.'}
            </p>
            {problem && <ProblemNotice problem={problem} />}
            <div class="row">
              <Button onPress={() => setAsking(false)}>Leave it</Button>
              <Button kind="main" onPress={start} onProblem={(error) => setProblem(problemOf(error))}>
                Rebuild {title}
              </Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

export function problemOf(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, { detail: 'The page has a mistake.' });
}
