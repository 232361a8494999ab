/** How numbers, times and sizes read on the page. The one place for it. */

const NONE = "–";
const grouped = new Intl.NumberFormat("en-US");

/** `duration(1_920_000_000)` is "1.92 s". Milliseconds are whole from 10 up; seconds have three figures. */
export function duration(ns: number | null | undefined): string {
  if (ns === null || ns === undefined || !Number.isFinite(ns)) return NONE;
  if (ns < 0) return `-${duration(-ns)}`;
  if (ns === 0) return "0 s";
  if (ns < 1e3) return `${Math.round(ns)} ns`;
  if (ns < 999.5e3) return `${twoFigures(ns / 1e3)} µs`;
  if (ns < 999.5e6) return `${twoFigures(ns / 1e6)} ms`;
  if (ns < 59.995e9) return `${threeFigures(ns / 1e9)} s`;
  const seconds = Math.round(ns / 1e9);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** `tokens(19_620)` is "19.6k". */
export function tokens(count: number | null | undefined): string {
  if (count === null || count === undefined) return NONE;
  if (count < 1000) return String(count);
  if (count < 999_950) return `${(count / 1e3).toFixed(1)}k`;
  return `${(count / 1e6).toFixed(count < 99.95e6 ? 1 : 0)}M`;
}

/** `count(18204)` is "18,204". */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : grouped.format(value);
}

/** `cost(43_100_000)`, in billionths of a dollar, is "$0.0431". Small amounts keep two figures. */
export function cost(nanoUsd: number | null | undefined): string {
  if (nanoUsd === null || nanoUsd === undefined) return NONE;
  const usd = nanoUsd / 1e9;
  if (usd === 0) return "$0";
  if (usd >= 100) return `$${grouped.format(Math.round(usd))}`;
  if (usd >= 1) return `$${usd.toFixed(2)}`;
  if (usd >= 0.001) return `$${usd.toFixed(4)}`;
  return `$${trimZeros(usd.toFixed(Math.min(9, 1 - Math.floor(Math.log10(usd)))))}`;
}

/** A score or another measure: `figure(0.91342)` is "0.913", `figure(12_345.6)` is "12,346". */
export function figure(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  if (size >= 1000) return grouped.format(Math.round(value));
  return size > 0 && size < 1e-6 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/** How long ago, one unit: "2 s", "31 min", "5 h", "3 d", then the date. */
export function age(startNs: string, nowMs: number): string {
  const then = nsToMs(startNs);
  const seconds = Math.max(0, Math.round((nowMs - then) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 14 * 86_400) return `${Math.floor(seconds / 86_400)} d`;
  return date(then);
}

/** Local time to the millisecond: "21 Nov 2026 01:12:08.412". */
export function timestamp(ns: string): string {
  const ms = nsToMs(ns);
  return `${date(ms)} ${clock(ms)}`;
}

/** Local time of day to the millisecond. */
export function clock(ms: number): string {
  const at = new Date(ms);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** `bytes(4_400)` is "4.4 kB". */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1e6) return `${(size / 1e3).toFixed(size < 1e4 ? 1 : 0)} kB`;
  return `${(size / 1e6).toFixed(1)} MB`;
}

/** "1 span", "2 spans". */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `shortId("4f1c…9a02")`: both ends of a long id. */
export function shortId(id: string): string {
  return id.length <= 14 ? id : `${id.slice(0, 6)}…${id.slice(-4)}`;
}

/** Milliseconds since 1970 of a decimal string of nanoseconds. */
export function nsToMs(ns: string): number {
  return Number(BigInt(ns) / 1000n) / 1000;
}

/** Share of a bar for a duration, on a log scale from 1 ms to 5 minutes. */
export function logShare(ns: number | null): number {
  if (ns === null || ns <= 1e6) return 0.02;
  return Math.min(1, Math.max(0.02, Math.log10(ns / 1e6) / Math.log10(300_000)));
}

function twoFigures(value: number): string {
  return value >= 9.95 ? value.toFixed(0) : trimZeros(value.toFixed(1));
}

function threeFigures(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function date(ms: number): string {
  const at = new Date(ms);
  return `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}

function trimZeros(text: string): string {
  return text.replace(/\.?0+$/, "");
}
