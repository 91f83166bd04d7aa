import { PageHeading } from '../../ui/page-heading.tsx';

export function KitchenPage() {
  return <PageHeading title="Kitchen" />;
}
