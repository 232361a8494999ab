/** Light or dark: the system's choice until the reader makes one, which is then kept in this browser. */
import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark";

const KEY = "tracestead.theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

export function applyStoredTheme(): void {
  document.documentElement.dataset.theme = current();
  system.addEventListener("change", announce);
}

export function useTheme(): [Theme, () => void] {
  const theme = useSyncExternalStore(subscribe, current);
  return [theme, toggle];
}

function current(): Theme {
  const stored = read();
  return stored ?? (system.matches ? "dark" : "light");
}

function toggle(): void {
  const next: Theme = current() === "dark" ? "light" : "dark";
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
    forced = next;
  }
  announce();
}

let forced: Theme | null = null;

function read(): Theme | null {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "light" || stored === "dark" ? stored : forced;
  } catch {
    return forced;
  }
}

function announce(): void {
  document.documentElement.dataset.theme = current();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
