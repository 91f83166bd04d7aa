import { useLayoutEffect } from 'preact/hooks';

/** Sets the document's title in the same moment as what is shown; of several in the tree the last one counts. */
export function useTitle(title: string): void {
  useLayoutEffect(() => {
    document.title = `${title} – Mario’s Pizzeria`;
  }, [title]);
}
