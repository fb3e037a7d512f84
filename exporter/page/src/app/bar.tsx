// The bar at the top: the views, the keys, and light or dark.

import { useLocation } from "preact-iso";
import { Keys } from "./keys.tsx";
import { ThemeButton } from "./theme.tsx";

const VIEWS = [
  { href: "/", name: "Live" },
  { href: "/overview", name: "Overview" },
  { href: "/sessions", name: "Sessions" },
  { href: "/health", name: "Health" },
];

export function Bar() {
  const { path } = useLocation();
  return (
    <header class="bar">
      <a class="name" href="/">
        <img src="/icon.svg" width="18" height="18" alt="" />
        offpath
      </a>
      <nav aria-label="Views">
        {VIEWS.map(({ href, name }) => (
          <a key={href} href={href} aria-current={isWithin(path, href) ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <Keys />
      <ThemeButton />
    </header>
  );
}

function isWithin(path: string, href: string): boolean {
  return href === "/" ? path === "/" || path.startsWith("/traces/") : path.startsWith(href);
}
