/** The first `lines` lines and `chars` characters; the whole text when only a little would be left out. */
export function cutText(text: string, lines: number, chars: number): string {
  let at = -1;
  for (let line = 0; line < lines; line++) {
    at = text.indexOf("\n", at + 1);
    if (at < 0) break;
  }
  let end = Math.min(at < 0 ? text.length : at, chars);
  if (text.length - end < chars * 0.2 && at < 0) return text;
  // Never between the halves of a surrogate pair.
  const code = text.charCodeAt(end - 1);
  if (end < text.length && code >= 0xd800 && code <= 0xdbff) end -= 1;
  return text.slice(0, end);
}
