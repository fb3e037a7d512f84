// The frame around the views.

import { LocationProvider } from "preact-iso";
import { Announcer } from "../parts/announce.tsx";
import { Bar } from "./bar.tsx";
import { Views } from "./views.tsx";

export function App() {
  return (
    <LocationProvider>
      <div class="frame">
        <a class="skip" href="#content">
          Skip to content
        </a>
        <Bar />
        <main id="content" tabIndex={-1}>
          <Views />
        </main>
        <Announcer />
      </div>
    </LocationProvider>
  );
}
