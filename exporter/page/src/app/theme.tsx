// Light or dark: as the system has it, until somebody says otherwise.

import { signal } from "@preact/signals";

const KEY = "offpath.theme";
const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const SIGNS: Record<Theme, string> = { system: "◐", light: "☀", dark: "☾" };

const theme = signal<Theme>(THEMES.find((each) => each === localStorage.getItem(KEY)) ?? "system");
theme.subscribe((chosen) => {
  localStorage.setItem(KEY, chosen);
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
});

export function ThemeButton() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
  return (
    <button
      type="button"
      class="button quiet"
      title={`Colours: ${theme.value}. Change to ${next}.`}
      onClick={() => {
        theme.value = next;
      }}
    >
      <span class="only-read">Colours: {theme.value}</span>
      <span aria-hidden="true">{SIGNS[theme.value]}</span>
    </button>
  );
}
