import { send } from "./otlp";
import { agentTrace } from "./samples";
import { expect, test } from "./server";

test("an empty database shows the lines to paste", async ({ page, server }) => {
  await page.goto(`${server}/`);
  await expect(page).toHaveURL(`${server}/ui/traces`);
  await expect(page.getByRole("heading", { name: "No traces yet" })).toBeVisible();
  await expect(page.getByText(`export OTEL_EXPORTER_OTLP_ENDPOINT=${server}`).first()).toBeVisible();
  await expect(page.getByText(`${server}/v1/traces`).first()).toBeVisible();
  await expect(page.getByText("AgnoInstrumentor().instrument(tracer_provider=")).toBeVisible();
  await expect(page.getByText("This server does not listen for gRPC.")).toBeVisible();
});

test("a sent trace appears without a reload and opens", async ({ page, server }) => {
  await page.goto(`${server}/ui/traces`);
  await expect(page.getByRole("heading", { name: "No traces yet" })).toBeVisible();
  const sample = agentTrace({ question: "Which suppliers mention cobalt?" });
  await send(server, sample.spans);
  const row = page.locator(`[data-trace="${sample.traceId}"]`);
  await expect(row).toBeVisible();
  await expect(row).toContainText("Which suppliers mention cobalt?");
  await expect(row).toContainText("Research_Agent.run");
  await expect(row).toContainText("gpt-4o");
  await expect(row).toContainText("6.4k");
  await expect(row).toContainText("9.00 s");
  await row.getByRole("link").click();
  await expect(page).toHaveURL(new RegExp(`/ui/traces/${sample.traceId}`));
  await expect(page.getByRole("treeitem")).toHaveCount(6);
});

test("new rows go in above, and wait behind a pill while the reader points at a row", async ({
  page,
  server,
}) => {
  const first = agentTrace({ question: "first", startMs: Date.now() - 60_000 });
  await send(server, first.spans);
  await page.goto(`${server}/ui/traces`);
  const rows = page.locator("[data-trace]");
  await expect(rows).toHaveCount(1);

  const second = agentTrace({ question: "second", startMs: Date.now() - 50_000 });
  await send(server, second.spans);
  await expect(rows).toHaveCount(2);
  await expect(rows.first()).toContainText("second");

  await rows.first().hover();
  const third = agentTrace({ question: "third", startMs: Date.now() - 40_000 });
  await send(server, third.spans);
  const pill = page.getByRole("button", { name: "1 new" });
  await expect(pill).toBeVisible();
  await expect(rows).toHaveCount(2);
  await pill.click();
  await expect(rows).toHaveCount(3);
  await expect(rows.first()).toContainText("third");
  await expect(pill).toBeHidden();
});

test("filters land in the address and survive a reload", async ({ page, server }) => {
  const failed = agentTrace({ user: "user-1", session: "session-1" });
  const fine = agentTrace({
    user: "user-2",
    agent: "Support_Agent",
    fails: false,
    question: "Translate this",
  });
  await send(server, [...failed.spans, ...fine.spans]);
  await page.goto(`${server}/ui/traces`);
  const rows = page.locator("[data-trace]");
  await expect(rows).toHaveCount(2);

  await page.getByRole("button", { name: "Error", exact: true }).click();
  await expect(page).toHaveURL(/status=ERROR/);
  await expect(rows).toHaveCount(1);
  await page.reload();
  await expect(rows).toHaveCount(1);
  await expect(page.getByRole("button", { name: "Error", exact: true })).toHaveAttribute(
    "aria-pressed",
    "true",
  );
  await page.goBack();
  await expect(rows).toHaveCount(2);

  await page.getByRole("button", { name: "user-2" }).click();
  await expect(page).toHaveURL(/user_id=user-2/);
  await expect(rows).toHaveCount(1);
  await expect(rows.first()).toContainText("Translate this");

  await page.getByRole("button", { name: "Time range: All time" }).click();
  await page.getByRole("button", { name: "Last hour" }).click();
  await expect(page).toHaveURL(/range=1h/);
  await expect(rows).toHaveCount(1);

  await page.keyboard.press("/");
  await page.keyboard.type("no such name");
  await expect(page.getByRole("heading", { name: "No trace matches these filters" })).toBeVisible();
  await expect(page).toHaveURL(/name=no\+such\+name/);
  await page.getByRole("region", { name: "Traces" }).getByRole("button", { name: "Clear filters" }).click();
  await expect(rows).toHaveCount(2);
  await expect(page).toHaveURL(`${server}/ui/traces`);
});

test("filters on an empty database still show the empty database", async ({ page, server }) => {
  await page.goto(`${server}/ui/traces?status=ERROR`);
  await expect(page.getByRole("heading", { name: "No traces yet" })).toBeVisible();
});

test("j, k and enter move and open; u leads back to the same place", async ({ page, server }) => {
  const now = Date.now();
  const samples = [0, 1, 2].map((n) =>
    agentTrace({ question: `question ${n}`, startMs: now - 20_000 - n * 60_000 }),
  );
  for (const sample of samples) await send(server, sample.spans);
  await page.goto(`${server}/ui/traces?agent_only=true`);
  await expect(page.locator("[data-trace]")).toHaveCount(3);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await expect(page.locator("[data-active]")).toContainText("question 1");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/ui/traces/${samples[1]?.traceId}`));
  // The address changes before the page that listens for the key is there.
  await expect(page.getByRole("treeitem").first()).toBeVisible();
  await page.keyboard.press("u");
  await expect(page).toHaveURL(`${server}/ui/traces?agent_only=true`);
  await expect(page.locator("[data-trace]")).toHaveCount(3);
  await page.keyboard.press("l");
  await expect(page).toHaveURL(/live=off/);
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("a long list is read page by page and keeps few rows on the page", async ({ page, server }) => {
  const now = Date.now();
  const spans = Array.from({ length: 130 }, (_, n) =>
    agentTrace({ question: `q${n}`, startMs: now - 20_000 - n * 1000 }),
  );
  await send(
    server,
    spans.flatMap((sample) => sample.spans),
  );
  await page.goto(`${server}/ui/traces`);
  const scroller = page.getByRole("region", { name: "Rows, newest first" });
  await expect(page.getByText("q0", { exact: true })).toBeVisible();
  await expect(async () => {
    await scroller.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
    await expect(page.getByText("q129", { exact: true })).toBeVisible({ timeout: 500 });
  }).toPass();
  expect(await page.locator("[data-trace]").count()).toBeLessThan(60);
});

test.describe("refusals", () => {
  test.use({ expectedFault: /status of 503/ });

  test("a server that went away is told in words, and the rows stay", async ({ page, server }) => {
    await send(server, agentTrace().spans);
    await page.goto(`${server}/ui/traces`);
    await expect(page.locator("[data-trace]")).toHaveCount(1);
    await page.route("**/api/v1/traces?*", (route) =>
      route.fulfill({ status: 503, json: { detail: "the database is locked; try again" } }),
    );
    await expect(page.getByRole("alert")).toContainText("the database is locked; try again");
    await expect(page.locator("[data-trace]")).toHaveCount(1);
    await page.unroute("**/api/v1/traces?*");
    await expect(page.getByRole("alert")).toBeHidden();
  });
});
