// Which address shows which view, and what is shown if a view breaks.

import { useEffect, useState } from "preact/hooks";
import { ErrorBoundary, Route, Router, useLocation } from "preact-iso";
import { HealthView } from "../health/view.tsx";
import { LiveView } from "../live/view.tsx";
import { OverviewView } from "../overview/view.tsx";
import { focusHeading } from "../parts/heading.tsx";
import { Failed } from "../parts/loaded.tsx";
import { SessionView } from "../sessions/session.tsx";
import { SessionsView } from "../sessions/view.tsx";
import { TraceView } from "../trace/view.tsx";
import { NotFound } from "./not-found.tsx";

// exporter/src/viewer/page.rs serves the page at the same addresses.
export function Views() {
  const { url, path } = useLocation();
  const [broken, setBroken] = useState<Error | null>(null);
  useEffect(() => setBroken(null), [url]);
  // The router throws at what it cannot decode.
  if (!canDecode(path)) return <NotFound />;
  if (broken !== null) return <Failed error={broken} retry={() => setBroken(null)} />;
  return (
    <ErrorBoundary onError={setBroken}>
      <Router onRouteChange={focusHeading}>
        <Route path="/" component={LiveView} />
        <Route path="/traces/:traceId" component={TraceView} />
        <Route path="/overview" component={OverviewView} />
        <Route path="/sessions" component={SessionsView} />
        <Route path="/sessions/:sessionId" component={SessionView} />
        <Route path="/health" component={HealthView} />
        <Route default component={NotFound} />
      </Router>
    </ErrorBoundary>
  );
}

function canDecode(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
