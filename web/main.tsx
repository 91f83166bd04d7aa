import { render } from 'preact';
import { loadSettings } from './app/settings.ts';
import { Shell } from './app/shell.tsx';
import { ROOT } from './api/root.ts';

const container = document.getElementById('app');
if (container) {
  // Without its settings a page would not know whether to ask for a login: it waits, and tells so.
  const settings = await loadSettings(new URL('app/config.json', ROOT), (failed) => {
    const said = container.querySelector('.starting');
    if (said) said.textContent = `Mario's Pizzeria does not answer (${failed}). Trying again …`;
  });
  container.replaceChildren();
  render(<Shell settings={settings} />, container);
}
