import { Button } from '../../ui/button.tsx';
import { toCsv } from './csv.ts';

interface CsvButtonProps {
  /** Of the file. */
  readonly name: string;
  readonly rows: () => readonly (readonly (string | number)[])[];
  readonly children: string;
}

/** Gives what the page shows as a file, without asking the service again. */
export function CsvButton({ name, rows, children }: CsvButtonProps) {
  function download(): void {
    const url = URL.createObjectURL(new Blob([toCsv(rows())], { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = name;
    link.click();
    // The browser may look at it a little later.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }
  return <Button onPress={download}>{children}</Button>;
}
