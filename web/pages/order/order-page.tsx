import { PageHeading } from '../../ui/page-heading.tsx';

export function OrderPage() {
  return <PageHeading title="Order" />;
}
