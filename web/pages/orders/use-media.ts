import { useEffect, useState } from 'preact/hooks';

/** Whether the window is as a media query says. */
export function useMedia(condition: string): boolean {
  const [list] = useState(() => globalThis.matchMedia(condition));
  const [matches, setMatches] = useState(list.matches);
  useEffect(() => {
    const look = () => setMatches(list.matches);
    list.addEventListener('change', look);
    return () => list.removeEventListener('change', look);
  }, [list]);
  return matches;
}
