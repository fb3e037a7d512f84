import type { Row } from "../../api/types.ts";

export function Detail({ row }: { row: Row; tab: string | undefined }) {
  return <section class="panel">{row.id}</section>;
}
