// The frame around the views, and which address shows which.

import { useState } from "preact/hooks";
import { ErrorBoundary, LocationProvider, Route, Router } from "preact-iso";
import { HealthView } from "../health/view.tsx";
import { LiveView } from "../live/view.tsx";
import { OverviewView } from "../overview/view.tsx";
import { Announcer } from "../parts/announce.tsx";
import { focusHeading } from "../parts/heading.tsx";
import { Failed } from "../parts/loaded.tsx";
import { SessionView } from "../sessions/session.tsx";
import { SessionsView } from "../sessions/view.tsx";
import { TraceView } from "../trace/view.tsx";
import { Bar } from "./bar.tsx";
import { NotFound } from "./not-found.tsx";

// exporter/src/viewer/page.rs serves the page at the same addresses.
export function App() {
  const [broken, setBroken] = useState<Error | null>(null);
  return (
    <LocationProvider>
      <div class="frame">
        <a class="skip" href="#content">
          Skip to content
        </a>
        <Bar />
        <main id="content" tabIndex={-1}>
          {broken !== null && <Failed error={broken} retry={() => location.reload()} />}
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
        </main>
        <Announcer />
      </div>
    </LocationProvider>
  );
}
