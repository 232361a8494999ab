/** The line between outline and detail, dragged or moved by arrow keys, remembered in this browser. */
import { useState } from "react";
import styles from "./TracePage.module.css";

const KEY = "tracestead.outline-width";
const LEAST = 260;
const MOST = 1400;

export function useOutlineWidth(): [number, (width: number) => void] {
  const [width, setWidth] = useState(() => {
    const usual = Math.max(LEAST, Math.round(window.innerWidth * 0.34));
    try {
      const stored = Number(localStorage.getItem(KEY));
      return stored >= LEAST && stored <= MOST ? stored : usual;
    } catch {
      return usual;
    }
  });
  function set(next: number) {
    const kept = Math.round(Math.max(LEAST, Math.min(MOST, next)));
    setWidth(kept);
    try {
      localStorage.setItem(KEY, String(kept));
    } catch {
      // Forbidden storage costs only the memory.
    }
  }
  return [width, set];
}

export function Resizer({ width, setWidth }: { width: number; setWidth: (width: number) => void }) {
  return (
    <div
      className={styles.resizer}
      role="separator"
      aria-orientation="vertical"
      aria-label="Width of the outline"
      aria-valuenow={width}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      tabIndex={0}
      data-own-arrows
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const left = event.currentTarget.parentElement?.getBoundingClientRect().left ?? 0;
        setWidth(event.clientX - left);
      }}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") setWidth(width - 24);
        if (event.key === "ArrowRight") setWidth(width + 24);
      }}
    />
  );
}
