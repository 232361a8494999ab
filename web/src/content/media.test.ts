import { expect, test } from "vitest";
import { isWebAddress, mediaOf } from "./media";

const PNG = "iVBORw0KGgoAAAANSUhEUg==";

test("pictures of four types are made from their own data", () => {
  for (const type of ["image/png", "image/jpeg", "image/gif", "image/webp"]) {
    const media = mediaOf({ type: "blob", mime_type: type, content: PNG, size_bytes: 12_300 });
    expect(media).toEqual({ image: `data:${type};base64,${PNG}`, link: null, label: `${type}, 12 kB` });
  }
  expect(mediaOf({ type: "blob", mime_type: "IMAGE/JPG", content: "/9j/AA" }).image).toBe(
    "data:image/jpeg;base64,/9j/AA",
  );
});

test("nothing else is shown as a picture", () => {
  const image = (mime_type: string | null, content: string, modality = "image") =>
    mediaOf({ type: "blob", modality, mime_type, content }).image;
  expect(image("image/svg+xml", "PHN2Zz48L3N2Zz4=")).toBeNull();
  expect(image("text/html", PNG)).toBeNull();
  expect(image("image/png", 'x" onerror="alert(1)')).toBeNull();
  expect(image("image/png", "")).toBeNull();
  expect(image("image/png", "A".repeat(13_000_000))).toBeNull();
  expect(image(null, "PHN2Zz48L3N2Zz4=")).toBeNull();
  expect(image(null, PNG, "audio")).toBeNull();
});

test("a picture without a type is known by how its data begins", () => {
  expect(mediaOf({ type: "blob", modality: "image", content: PNG }).image).toBe(
    `data:image/png;base64,${PNG}`,
  );
});

test("line breaks and the alphabet of addresses are read", () => {
  expect(mediaOf({ type: "blob", mime_type: "image/png", content: "iVBO\nRw0-_w" }).image).toBe(
    "data:image/png;base64,iVBORw0+/w",
  );
});

test("other data is named by type and size", () => {
  expect(mediaOf({ type: "blob", mime_type: "audio/wav", size_bytes: 12_345 }).label).toBe(
    "audio/wav, 12 kB",
  );
  expect(mediaOf({ type: "blob", modality: "audio", content: "AAAA" }).label).toBe("audio, 3 B");
  expect(mediaOf({ type: "blob" })).toEqual({ image: null, link: null, label: "file" });
});

test("an address is never a picture, but data in the place of an address is", () => {
  const uri = "https://example.com/a.png";
  expect(mediaOf({ type: "uri", modality: "image", mime_type: "image/png", uri })).toEqual({
    image: null,
    link: uri,
    label: "image/png",
  });
  expect(mediaOf({ type: "uri", modality: "image", uri: `data:image/png;base64,${PNG}` }).image).toBe(
    `data:image/png;base64,${PNG}`,
  );
  expect(mediaOf({ type: "uri", uri: "data:image/svg+xml;base64,PHN2Zz4=" })).toMatchObject({
    image: null,
    link: null,
  });
  expect(mediaOf({ type: "uri", uri: "data:image/svg+xml,<svg>" })).toMatchObject({
    image: null,
    link: null,
  });
});

test("only the web's addresses can be opened", () => {
  expect(isWebAddress("https://example.com/a")).toBe(true);
  for (const uri of ["javascript:alert(1)", "gs://bucket/a", "data:text/html,x", "//example.com/a"]) {
    expect(isWebAddress(uri)).toBe(false);
  }
});
