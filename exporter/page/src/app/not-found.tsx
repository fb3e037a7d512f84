// Where an address leads nowhere.

import { Heading } from "../parts/heading.tsx";
import { Empty } from "../parts/loaded.tsx";

export function NotFound() {
  return (
    <>
      <Heading title="Nothing here" hidden />
      <Empty title="There is nothing at this address">
        <p>
          <a href="/">See what is recorded.</a>
        </p>
      </Empty>
    </>
  );
}
