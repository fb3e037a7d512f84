// A name of strangers, cut where it is long. It may stand in a link, where there can be no button for the rest.

import { Text } from "../parts/text.tsx";
import { beginning } from "../text/cut.ts";

const LIMIT = 120;

export function Name({ value }: { value: string }) {
  return <Text value={beginning(value, LIMIT)} />;
}
