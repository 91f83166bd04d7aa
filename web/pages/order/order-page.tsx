import { useEffect, useState } from 'preact/hooks';
import { api, ask, type Schemas } from '../../api/client.ts';
import { may } from '../../app/session.ts';
import { fromMinor } from '../../ui/amount.ts';
import { announce } from '../../ui/announcer.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { count, money } from '../../ui/format.ts';
import { Notice, ProblemNotice } from '../../ui/notice.tsx';
import { PageHeading } from '../../ui/page-heading.tsx';
import { useResource } from '../../ui/use-resource.ts';
import { add, asOffered, type Change, nameOf, type Offer, offersOf, piecesIn, totalMinor } from './basket.ts';
import { announceTotal, BasketPanel } from './basket-panel.tsx';
import { ChangeList } from './changes.tsx';
import { change, draft } from './draft.ts';
import { MenuList } from './menu-list.tsx';
import './order.css';
import { usePlacing } from './use-placing.ts';

type Menu = Schemas['Menu'];

export function OrderPage() {
  const menu = useResource('menu', (signal) => ask(api.GET('/menu', { signal })));
  const [changes, setChanges] = useState<readonly Change[]>([]);
  const [isAsked, setAsked] = useState(false);
  const placing = usePlacing(lookAnew);
  const { lines } = draft.value;
  const total = money(fromMinor(totalMinor(lines)));

  useEffect(() => {
    if (menu.value) compare(menu.value);
  }, [menu.value]);

  /** Makes the basket what the menu offers now. @returns whether that changes it */
  function compare(now: Menu): boolean {
    const offered = asOffered(draft.value.lines, offersOf(now));
    if (offered.changes.length === 0) return false;
    change({ lines: offered.lines });
    setChanges(offered.changes);
    return true;
  }

  async function lookAnew(): Promise<boolean> {
    const isChanged = compare(await ask(api.GET('/menu')));
    menu.reload();
    setAsked(isChanged);
    return isChanged;
  }

  function put(offer: Offer): void {
    const more = add(draft.value.lines, offer);
    if (more === draft.value.lines) return announce('No more of it fits into the basket.');
    change({ lines: more });
    announceTotal(`${nameOf(offer)} added`);
  }

  return (
    <>
      <PageHeading title="What would you like?" />
      <div class="order-columns">
        <div class="menu-column">
          {menu.problem && <ProblemNotice problem={menu.problem} onRetry={menu.reload} />}
          {menu.value ? (
            <MenuOrNone menu={menu.value} onAdd={put} />
          ) : (
            !menu.problem && <Notice kind="loading">Reading the menu …</Notice>
          )}
          {lines.length > 0 && (
            <a class="button main to-basket" href="#basket">
              <span>{count(piecesIn(lines))} in the basket</span> <span>{total}</span>
            </a>
          )}
        </div>
        <BasketPanel changes={isAsked ? [] : changes} onSeen={() => setChanges([])} placing={placing} />
      </div>
      {isAsked && (
        <Dialog title="The menu has just changed" onClose={() => setAsked(false)}>
          <div class="stack">
            <p>Nothing is ordered yet.</p>
            <ChangeList changes={changes} />
            <div class="row">
              {lines.length > 0 && (
                <Button
                  kind="main"
                  onPress={() => {
                    setAsked(false);
                    setChanges([]);
                    return placing.place();
                  }}
                >
                  Place the order for {total}
                </Button>
              )}
              <Button onPress={() => setAsked(false)}>Back to the menu</Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

function MenuOrNone({ menu, onAdd }: { readonly menu: Menu; readonly onAdd: (offer: Offer) => void }) {
  if (menu.categories.length > 0) return <MenuList menu={menu} lines={draft.value.lines} onAdd={onAdd} />;
  return (
    <Notice kind="empty" title="There is nothing on the menu yet">
      {may('PUT /menu/:sku')
        ? 'Import one with npm run import, option --menu, or put items there with PUT /menu/{sku}.'
        : 'Please come back later.'}
    </Notice>
  );
}
