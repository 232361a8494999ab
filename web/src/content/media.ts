/** Pictures, sounds and files within messages: what may be shown, and how they are named. */
import type { MessagePart } from "../api";
import { bytes } from "../format";

/** Never SVG: it is a document that may hold scripts and addresses, not a picture. */
const SHOWABLE = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const LARGEST_IMAGE_CHARS = 12_000_000;
/** How the data of the pictures that may be shown begins, for those that come without a type. */
const BEGINNINGS: [string, string][] = [
  ["iVBORw0KGgo", "image/png"],
  ["/9j/", "image/jpeg"],
  ["R0lGOD", "image/gif"],
  ["UklGR", "image/webp"],
];

export interface Media {
  /** A `data:` address of a picture, or null for what is not shown. */
  image: string | null;
  /** An address that may be a link. It is never loaded: that would tell a stranger that this trace is being read. */
  link: string | null;
  /** "image/png, 12 kB". */
  label: string;
}

export function mediaOf(part: MessagePart): Media {
  const uri = typeof part.uri === "string" ? part.uri : null;
  const embedded = uri === null ? null : /^data:([^;,]*)(?:;[^;,]*)*;base64,/i.exec(uri.slice(0, 300));
  const data = embedded !== null ? (uri ?? "").slice(embedded[0].length) : contentOf(part);
  const given = part.mime_type || embedded?.[1] || null;
  if (uri !== null && embedded === null) {
    const isData = /^data:/i.test(uri);
    return { image: null, link: isData ? null : uri, label: given ?? part.modality ?? "file" };
  }
  const base64 = data === null ? null : readable(data);
  const type = given ?? (base64 === null ? null : guess(base64, part.modality ?? null));
  const size = part.size_bytes ?? (data === null ? null : sizeOf(data));
  const name = type ?? part.modality ?? "file";
  const standard = (type ?? "").toLowerCase().replace("image/jpg", "image/jpeg");
  const isShown = base64 !== null && SHOWABLE.has(standard);
  return {
    image: isShown ? `data:${standard};base64,${base64}` : null,
    link: null,
    label: size === null ? name : `${name}, ${bytes(size)}`,
  };
}

/** Only these are opened on a click; `javascript:` and its like never become a link. */
export function isWebAddress(uri: string): boolean {
  return /^https?:\/\//i.test(uri);
}

function contentOf(part: MessagePart): string | null {
  return typeof part.content === "string" && part.content !== "" ? part.content : null;
}

/** The data as browsers read it; null if it is too much, or no base64 at all. */
function readable(data: string): string | null {
  if (data.length > LARGEST_IMAGE_CHARS) return null;
  const base64 = data.replace(/\s+/g, "").replaceAll("-", "+").replaceAll("_", "/");
  return /^[A-Za-z0-9+/]+={0,2}$/.test(base64) ? base64 : null;
}

function guess(base64: string, modality: string | null): string | null {
  if (modality !== null && modality !== "image") return null;
  return BEGINNINGS.find(([beginning]) => base64.startsWith(beginning))?.[1] ?? null;
}

function sizeOf(data: string): number {
  const chars = data.replace(/[\s=]+/g, "").length;
  return Math.floor((chars * 3) / 4);
}
