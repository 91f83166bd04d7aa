import { useRef, useState } from 'preact/hooks';
import { api, ask, type Problem } from '../../api/client.ts';
import { announce } from '../../ui/announcer.tsx';
import { Button } from '../../ui/button.tsx';
import { count } from '../../ui/format.ts';
import { ProblemNotice } from '../../ui/notice.tsx';
import { problemOf } from './rebuild.tsx';
import { differenceWords, READ_MODELS, type ReadModel, type Verified, verifiedWords } from './state.ts';

const MOST_SHOWN = 20;

/** Compares a read model with the log, and repairs it where somebody wants that. */
export function Verify({ name }: Pick<ReadModel, 'name'>) {
  const [title] = READ_MODELS[name];
  const [isComparing, setComparing] = useState(false);
  const [found, setFound] = useState<Verified>();
  const [problem, setProblem] = useState<Problem>();
  const outcome = useRef<HTMLDivElement>(null);

  async function verify(repair: boolean): Promise<void> {
    setProblem(undefined);
    setComparing(true);
    try {
      const params = { path: { name }, query: { repair } };
      const result = await ask(api.POST('/admin/projections/{name}/verify', { params }));
      setFound(result);
      // The button that was pressed is gone.
      if (repair) outcome.current?.focus();
      announce(`${title}: ${verifiedWords(result, count)}`);
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setComparing(false);
    }
  }

  const open = found ? found.differences - found.repaired : 0;
  return (
    <>
      <Button aria-label={`Verify ${title}`} onPress={() => verify(false)}>
        Verify
      </Button>
      {isComparing && <p class="outcome">Every document is compared with the log …</p>}
      {problem && <ProblemNotice problem={problem} />}
      {found && (
        <div ref={outcome} tabIndex={-1} class="outcome stack">
          <p>{verifiedWords(found, count)}</p>
          {found.listed.length > 0 && (
            <ul class="differences">
              {found.listed.slice(0, MOST_SHOWN).map((difference) => (
                <li key={difference.id}>
                  <code>{difference.id}</code> {differenceWords(difference)}
                </li>
              ))}
            </ul>
          )}
          {found.differences > MOST_SHOWN && <small>These are the first {MOST_SHOWN}.</small>}
          {open > 0 && (
            <Button kind="danger" aria-label={`Repair ${count(open)} of ${title}`} onPress={() => verify(true)}>
              Repair {count(open)}
            </Button>
          )}
        </div>
      )}
    </>
  );
}
