import { PageHeading } from '../../ui/page-heading.tsx';

export function TrackingPage() {
  return <PageHeading title="Tracking" />;
}
