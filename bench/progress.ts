export type Progress = ReturnType<typeof createProgress>;

/** Says on stderr what is being measured, and each value as it is measured; stdout is for the report. */
export function createProgress() {
  const start = performance.now();
  let values = 0;
  const say = (text: string) => {
    const seconds = Math.floor((performance.now() - start) / 1000);
    const elapsed = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
    process.stderr.write(`${elapsed.padStart(6)}  ${text}\n`);
  };
  return {
    /** What is done next. */
    step: say,
    value(name: string, value: number): void {
      values += 1;
      say(`${String(values).padStart(4)}  ${name}: ${value.toLocaleString('en', { maximumFractionDigits: 2 })}`);
    },
  };
}
