// What the API answers, by the names that the page uses. `npm run types` makes schema.ts of its description,
// exporter/schema/api.openapi.json, which says what each field is.

import type { components } from "./schema.ts";

type Schemas = components["schemas"];

/** RFC 3339, UTC, nine digits. */
export type Time = string;

export type Row = Schemas["Row"];
export type Preview = Schemas["Preview"];
export type Events = Schemas["Events"];
export type Live = Schemas["Live"];
export type Trace = Schemas["Trace"];
export type Sessions = Schemas["Sessions"];
export type Session = Schemas["Session"];
export type Turns = Schemas["Turns"];
export type Facets = Schemas["Facets"];
export type Facet = Schemas["Facet"];
export type Overview = Schemas["Overview"];
export type RouteSeries = Schemas["RouteSeries"];
export type Heat = Schemas["Heat"];
export type ModelSeries = Schemas["ModelSeries"];
export type Status = Schemas["Status"];
export type SinkStatus = Status["sinks"][number];
export type Problem = Schemas["Problem"];
