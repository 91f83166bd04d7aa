import { announce } from '../ui/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { loginUrl, logOut, person } from './session.ts';

/** Who is logged in, and the way out; or the way in. */
export function SessionMenu() {
  if (person.value === undefined) return null;
  if (person.value === null) {
    return (
      <div class="session">
        <a class="button" href={loginUrl()}>
          Log in
        </a>
      </div>
    );
  }
  const { id, roles } = person.value;
  return (
    <div class="session">
      <span class="who">
        {id} <small>{roles.join(', ')}</small>
      </span>
      <Button
        kind="quiet"
        onPress={async () => {
          await logOut();
          announce('You are logged out.');
        }}
      >
        Log out
      </Button>
    </div>
  );
}
