// What is known, as names and values.

import type { ComponentChildren } from "preact";
import { Text } from "../../parts/text.tsx";
import { kindOf, sizeOf } from "./json.ts";
import { JsonTree } from "./json-tree.tsx";

export interface Fact {
  name: string;
  value: ComponentChildren;
}

export function Facts({ title, facts }: { title: string; facts: Fact[] }) {
  if (facts.length === 0) return null;
  return (
    <section class="facts-part" aria-label={title}>
      <h3>{title}</h3>
      <dl>
        {facts.map(({ name, value }) => (
          <div key={name}>
            <dt>
              <Text value={name} limit={200} />
            </dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The members of an object that say something. */
export function factsOf(object: Record<string, unknown>): Fact[] {
  return Object.entries(object)
    .filter(([, value]) => saysSomething(value))
    .map(([name, value]) => ({ name, value: <Value value={value} /> }));
}

function isShortList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= 20 && value.every((word) => typeof word === "string");
}

function saysSomething(value: unknown): boolean {
  return value !== null && value !== undefined && value !== "" && sizeOf(value) !== 0;
}

function Value({ value }: { value: unknown }) {
  const kind = kindOf(value);
  if (isShortList(value)) {
    return value.map((word, index) => (
      <span key={index}>
        <span class="badge">
          <Text value={word} limit={100} />
        </span>{" "}
      </span>
    ));
  }
  if (kind === "array" || kind === "object") return <JsonTree value={value} />;
  return <Text value={String(value)} limit={2_000} block />;
}

/** `object` without what stands elsewhere. */
export function membersWithout(object: object, elsewhere: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !elsewhere.includes(name)));
}
