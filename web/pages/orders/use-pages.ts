import { useEffect, useRef, useState } from 'preact/hooks';
import { useResource, type Resource } from '../../ui/use-resource.ts';

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

export interface Pages<Item> extends Omit<Resource<unknown>, 'value'> {
  /** Those that came so far; undefined while there is no first page. */
  readonly items: readonly Item[] | undefined;
  /** Whether there are more, of the list that is asked for now. */
  readonly hasMore: boolean;
  /** Appends the next page. @throws Problem when it does not come */
  readonly showMore: () => Promise<void>;
}

/**
 * A list, page by page. Another `key` is another list, which begins anew: what was asked for of the one before is
 * aborted, and its cursors count for nothing.
 */
export function usePages<Item>(
  key: string,
  load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>,
): Pages<Item> {
  const { value: first, ...rest } = useResource(key, async (signal) => ({ key, page: await load(undefined, signal) }));
  // The pages after the first one belong to it: with another first page, they are gone.
  const [later, setLater] = useState<{ readonly of: typeof first; readonly pages: readonly Page<Item>[] }>();
  const abort = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => abort.current?.abort(), [first]);

  const pages = first ? [first.page, ...(later?.of === first ? later.pages : [])] : [];
  const cursor = first?.key === key ? pages.at(-1)?.nextCursor : undefined;
  return {
    ...rest,
    items: first && pages.flatMap(({ items }) => items),
    hasMore: cursor !== undefined,
    async showMore() {
      if (cursor === undefined) return;
      const { signal } = (abort.current = new AbortController());
      try {
        const next = await load(cursor, signal);
        if (!signal.aborted) setLater({ of: first, pages: [...pages.slice(1), next] });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
  };
}
