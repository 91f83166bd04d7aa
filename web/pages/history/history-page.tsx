import { PageHeading } from '../../ui/page-heading.tsx';

export function HistoryPage() {
  return <PageHeading title="History" />;
}
