import { PageHeading } from '../../ui/page-heading.tsx';

export function OperationsPage() {
  return <PageHeading title="Operations" />;
}
