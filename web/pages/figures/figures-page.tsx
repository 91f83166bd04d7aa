import { PageHeading } from '../../ui/page-heading.tsx';

export function FiguresPage() {
  return <PageHeading title="Figures" />;
}
