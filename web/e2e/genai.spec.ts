/** A trace of OpenTelemetry's GenAI conventions: pictures, a search, an embedding, prices and their absence. */
import { send } from "./otlp";
import { genAiTrace } from "./samples";
import { expect, test } from "./server";

const RELEASE = { "service.version": "2026.11.3" };

test("the list and the head of a trace say who ran, which release, and that the cost is a part", async ({
  page,
  server,
}) => {
  const sample = genAiTrace();
  await send(server, sample.spans, RELEASE);
  await page.goto(`${server}/ui/traces`);
  const row = page.locator(`[data-trace="${sample.traceId}"]`);
  await expect(row).toContainText("POST /ask · Plant Guide");
  await expect(row).toContainText("2026.11.3");
  await expect(row.getByText(/^≥ \$0\.000\d+/)).toHaveAttribute("title", /what 1 model call more cost/);
  const filter = page.getByRole("button", { name: "Plant Guide" });
  await expect(filter).toBeVisible();
  await filter.click();
  await expect(page).toHaveURL(/agent_id=agent-7f21/);

  await row.getByRole("link").first().click();
  const head = page.locator("header").filter({ has: page.getByRole("heading", { name: "POST /ask" }) });
  await expect(head.getByRole("link", { name: "Plant Guide" })).toHaveAttribute("title", /id agent-7f21/);
  await expect(head.getByTitle("Release")).toHaveText("release 2026.11.3");
  await expect(head).toContainText("cost without 1 call");
  await expect(head.getByText(/^≥ \$/)).toHaveAttribute("title", /house-llm-7b: no price for this/);
});

test("a call shows its picture, files, addresses, reasoning and score", async ({ page, server }) => {
  const sample = genAiTrace();
  await send(server, sample.spans);
  const call = sample.spans[3];
  await page.goto(`${server}/ui/traces/${sample.traceId}?span=${call?.spanId}`);
  const panel = page.getByRole("tabpanel");

  const image = panel.getByRole("img", { name: "Part of the message" });
  await expect(image).toHaveCount(1);
  await expect(image).toHaveAttribute("src", /^data:image\/png;base64,/);
  // Made of its own data, and let through by the server's policy.
  expect(await image.evaluate((element: HTMLImageElement) => element.naturalWidth)).toBe(240);
  await panel.getByRole("button", { name: "Show the image larger" }).click();
  await expect(panel.getByRole("button", { name: "Show the image smaller" })).toBeVisible();

  await expect(panel.getByText("audio/wav, 12 kB")).toBeVisible();
  await expect(panel.getByText("image/svg+xml, 11 B")).toBeVisible();
  const address = panel.getByRole("link", { name: "https://photos.example.com/fern.jpg" });
  await expect(address).toHaveAttribute("rel", "noreferrer");

  await expect(panel.getByText("Pinnate fronds")).toBeHidden();
  await panel.getByText(/^Reasoning/).click();
  await expect(panel.getByText("Pinnate fronds")).toBeVisible();
  await expect(panel.getByText("You know plants.")).toBeHidden();
  await panel.getByText(/^System prompt/).click();
  await expect(panel.getByText("You know plants.")).toBeVisible();
  await expect(panel).toContainText('"source": "notes-12"');
  await expect(panel.locator('[data-part="scores"]')).toContainText("relevance");
  await expect(panel.locator('[data-part="scores"]')).toContainText("0.92");

  const summary = page.getByRole("complementary", { name: "Summary" });
  for (const text of [
    "gpt-4o-mini → gpt-4o-mini-2024-07-18",
    "openai",
    "420 ms",
    "stop complete",
    "temperature",
    "1,024",
    "by list price",
    "chatcmpl-Bq81",
    "Plant Guide",
    "experiment",
  ]) {
    await expect(summary).toContainText(text);
  }
});

test("a call without a price says why and what to do", async ({ page, server }) => {
  const sample = genAiTrace();
  await send(server, sample.spans);
  await page.goto(`${server}/ui/traces/${sample.traceId}?span=${sample.spans[4]?.spanId}`);
  const summary = page.getByRole("complementary", { name: "Summary" });
  await expect(summary).toContainText(
    /not known: no price for this (model|provider): add \w+ under \[\[prices\]\]/,
  );
  await expect(summary).toContainText("cut off at the limit of tokens");
  await expect(page.getByRole("tabpanel")).toContainText("cut off at the limit of tokens");
});

test("a search and an embedding show what was asked for and what was found", async ({ page, server }) => {
  const sample = genAiTrace();
  await send(server, sample.spans);
  await page.goto(`${server}/ui/traces/${sample.traceId}?span=${sample.spans[2]?.spanId}`);
  const panel = page.getByRole("tabpanel");
  await expect(panel).toContainText("plants that like shade");
  await expect(panel).toContainText("2 documents of 5 asked for, in garden-notes");
  await expect(panel).toContainText("0.913");
  await expect(panel).toContainText("page: 12");

  await page.goto(`${server}/ui/traces/${sample.traceId}?span=${sample.spans[1]?.spanId}`);
  await expect(panel).toContainText("1 text as vectors of 1,536 numbers");
  await expect(panel).toContainText("does this plant like shade");
});
