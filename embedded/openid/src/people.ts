/** Whom one can choose to be: one for each role that a person has. */
export const PEOPLE: readonly Person[] = [
  { id: 'giulia', name: 'Giulia', role: 'customer' },
  { id: 'anna', name: 'Anna', role: 'kitchen' },
  { id: 'luca', name: 'Luca', role: 'driver' },
  { id: 'mario', name: 'Mario', role: 'manager' },
  { id: 'ada', name: 'Ada', role: 'admin' },
];

export interface Person {
  /** The `sub` of their tokens. */
  readonly id: string;
  readonly name: string;
  readonly role: string;
}

/** The page with a button for each of them, which posts the id as `person`. */
export function choicePage(): string {
  const buttons = PEOPLE.map(
    ({ id, name, role }) => `<button name="person" value="${id}">${name} <small>${role}</small></button>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Who are you?</title>
<style>
  body { font: 1.1rem system-ui, sans-serif; max-width: 22rem; margin: 4rem auto; padding: 0 1rem }
  button { display: block; width: 100%; margin: 0.5rem 0; padding: 0.8rem; font: inherit; cursor: pointer }
</style>
<h1>Who are you?</h1>
<p>This issuer is for development: it asks nobody for a password.</p>
<form method="post">
${buttons.join('\n')}
</form>
</html>
`;
}
