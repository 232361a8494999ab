/** What the list last showed and how far it was scrolled, so that the way back from a trace leads to the same place. */
import type { ListSearch } from "../search";

let last: ListSearch = {};
const offsets = new Map<string, number>();

export function rememberListSearch(search: ListSearch): void {
  last = search;
}

export function lastListSearch(): ListSearch {
  return last;
}

export function rememberOffset(key: string, offset: number): void {
  offsets.set(key, offset);
}

export function offsetOf(key: string): number {
  return offsets.get(key) ?? 0;
}
