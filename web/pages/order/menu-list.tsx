import type { Schemas } from '../../api/client.ts';
import { toMinor } from '../../ui/amount.ts';
import { Button } from '../../ui/button.tsx';
import { money } from '../../ui/format.ts';
import type { Line, Offer } from './basket.ts';

interface MenuListProps {
  readonly menu: Schemas['Menu'];
  readonly lines: readonly Line[];
  readonly onAdd: (offer: Offer) => void;
}

/** The menu: each size is a button that puts one into the basket. */
export function MenuList({ menu, lines, onAdd }: MenuListProps) {
  const inBasket = new Map(lines.map(({ sku, quantity }) => [sku, quantity]));
  return (
    <div class="menu">
      {menu.categories.length > 1 && (
        <nav class="categories" aria-label="Categories">
          {menu.categories.map(({ category }, index) => (
            <a key={category} href={`#category-${index}`}>
              {category}
            </a>
          ))}
        </nav>
      )}
      {menu.categories.map(({ category, items }, index) => (
        <section key={category} aria-labelledby={`category-${index}`}>
          <h2 id={`category-${index}`} tabIndex={-1}>
            {category}
          </h2>
          <ul role="list" class="dishes">
            {items.map((dish) => (
              <DishCard key={dish.sizes[0]?.sku} dish={dish} inBasket={inBasket} onAdd={onAdd} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

type Dish = Schemas['Menu']['categories'][number]['items'][number];

interface DishCardProps {
  readonly dish: Dish;
  readonly inBasket: ReadonlyMap<string, number>;
  readonly onAdd: (offer: Offer) => void;
}

function DishCard({ dish: { name, ingredients, sizes }, inBasket, onAdd }: DishCardProps) {
  return (
    <li class="card dish">
      <h3>{name}</h3>
      <p class="ingredients">{ingredients.join(', ')}</p>
      <div class="sizes">
        {sizes.map(({ sku, size, price }) => {
          const quantity = inBasket.get(sku);
          return (
            <Button
              key={sku}
              class={quantity === undefined ? 'size' : 'size chosen'}
              onPress={() => onAdd({ sku, name, size, priceMinor: toMinor(price) })}
            >
              <span class="visually-hidden">Add {name}, </span>
              {size !== null && <span class="letter">{size}</span>}
              <span>{money(price)}</span>
              {quantity !== undefined && (
                <span class="chosen-count">
                  {quantity}
                  <span class="visually-hidden"> in the basket</span>
                </span>
              )}
            </Button>
          );
        })}
      </div>
    </li>
  );
}
