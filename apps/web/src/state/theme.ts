import { signal } from "@preact/signals";
import { ROOT } from "./place.ts";

const KEY = `queen-theme ${ROOT.pathname}`;
const THEMES = ["system", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

/** What somebody chose; the style sheet follows the system where nobody did. */
export const theme = signal<Theme>(THEMES.find((one) => one === localStorage.getItem(KEY)) ?? "system");

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme.value;
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "system";
  localStorage.setItem(KEY, theme.value);
  applyTheme();
}
