import { send } from "./otlp";
import { agentTrace, deepTrace, wideTrace } from "./samples";
import { expect, test } from "./server";

test("a model call is shown as a chat", async ({ page, server }) => {
  const sample = agentTrace();
  await send(server, sample.spans);
  await page.goto(`${server}/ui/traces/${sample.traceId}`);
  await page
    .getByRole("treeitem", { name: /OpenAIChat\.invoke/ })
    .last()
    .click();
  await expect(page).toHaveURL(/span=[0-9a-f]{16}/);

  const panel = page.getByRole("tabpanel");
  await expect(panel.locator('[data-role="user"]')).toContainText("Is NVDA still a buy");
  await expect(panel.locator('[data-part="tool_call"]')).toContainText("get_filing");
  await expect(panel.locator('[data-part="tool_call"]')).toContainText("NVDA");
  await expect(panel.locator('[data-part="tool_call_response"]')).toContainText("503 upstream unavailable");
  await expect(panel.locator("strong")).toHaveText("$65.0 B ± 2 %");
  await expect(panel.getByText("You are a careful analyst.")).toBeHidden();
  await panel.getByText(/System prompt/).click();
  await expect(panel.getByText("You are a careful analyst.")).toBeVisible();

  const summary = page.getByRole("complementary", { name: "Summary" });
  await expect(summary).toContainText("gpt-4o");
  await expect(summary).toContainText("3,918");
  await expect(summary).toContainText("temperature");
});

test("a failed tool shows its arguments, exception and stack trace", async ({ page, server }) => {
  const sample = agentTrace();
  await send(server, sample.spans);
  await page.goto(`${server}/ui/traces/${sample.traceId}`);
  await expect(page.getByRole("treeitem")).toHaveCount(6);
  await page.keyboard.press(".");
  await expect(page.getByRole("treeitem", { selected: true })).toContainText("get_filing");
  const panel = page.getByRole("tabpanel");
  await expect(panel).toContainText("HTTPError");
  await expect(panel).toContainText('File "tools/edgar.py", line 88, in get_filing');
  await expect(panel.getByText("ticker")).toBeVisible();

  await page.getByRole("tab", { name: /Events/ }).click();
  await expect(page).toHaveURL(/tab=events/);
  await expect(panel).toContainText("exception");
  await expect(panel).toContainText("Traceback (most recent call last)");
  await page.getByRole("tab", { name: "Attributes" }).click();
  await page.getByLabel("Search attributes").fill("tool.name");
  await expect(panel).toContainText("get_filing");
  await expect(panel).toContainText("1 of");
  await page.getByRole("tab", { name: "Raw" }).click();
  await expect(panel).toContainText('"span_id"');
  await page.reload();
  await expect(page.getByRole("treeitem", { selected: true })).toContainText("get_filing");
  await expect(page.getByRole("tab", { name: "Raw" })).toHaveAttribute("aria-selected", "true");
});

test("a search shows its query and documents", async ({ page, server }) => {
  const sample = agentTrace();
  await send(server, sample.spans);
  await page.goto(`${server}/ui/traces/${sample.traceId}`);
  await page.getByRole("treeitem", { name: /search_knowledge_base/ }).click();
  const panel = page.getByRole("tabpanel");
  await expect(panel).toContainText("NVDA Q3 guidance data center");
  await expect(panel).toContainText("2 documents");
  await expect(panel).toContainText("0.913");
});

test("keys walk the outline, and finding keeps ancestors", async ({ page, server }) => {
  const sample = agentTrace();
  await send(server, sample.spans);
  await page.goto(`${server}/ui/traces/${sample.traceId}`);
  const items = page.getByRole("treeitem");
  const selected = page.getByRole("treeitem", { selected: true });
  await expect(items).toHaveCount(6);
  await page.keyboard.press("ArrowDown");
  await expect(selected).toContainText("validate_input");
  await page.keyboard.press("ArrowLeft");
  await expect(selected).toContainText("Research_Agent.run");
  await page.keyboard.press("ArrowLeft");
  await expect(items).toHaveCount(1);
  await page.keyboard.press("ArrowRight");
  await expect(items).toHaveCount(6);
  await page.keyboard.press("End");
  await expect(selected).toContainText("OpenAIChat.invoke");
  await page.keyboard.press("[");
  await expect(items).toHaveCount(1);
  await page.keyboard.press("]");
  await expect(items).toHaveCount(6);
  await page.keyboard.press("/");
  await page.keyboard.type("filing");
  await expect(items).toHaveCount(2);
  await expect(page.getByText("1 hit")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(items).toHaveCount(6);
});

test("spans that arrive later join the open trace", async ({ page, server }) => {
  const sample = agentTrace({ startMs: Date.now() - 5000 });
  const [root, ...children] = sample.spans;
  await send(server, children.slice(0, 2));
  await page.goto(`${server}/ui/traces/${sample.traceId}`);
  await expect(page.getByRole("treeitem")).toHaveCount(2);
  await page.getByRole("treeitem", { name: /OpenAIChat/ }).click();
  await send(server, [...children.slice(2), ...(root ? [root] : [])]);
  await expect(page.getByRole("treeitem")).toHaveCount(6);
  await expect(page.getByRole("treeitem", { selected: true })).toContainText("OpenAIChat");
});

test("10,000 spans open, scroll and answer", async ({ page, server }) => {
  const sample = wideTrace(10_000);
  await send(server, sample.spans);
  await page.goto(`${server}/ui/traces/${sample.traceId}`);
  const tree = page.getByRole("tree", { name: "Spans" });
  await expect(page.getByRole("treeitem").first()).toBeVisible();
  await tree.hover();
  for (let turn = 0; turn < 20; turn++) {
    await page.mouse.wheel(0, 4000);
    await page.waitForTimeout(16);
  }
  expect(await page.getByRole("treeitem").count()).toBeLessThan(200);
  await tree.evaluate((element) => element.scrollTo({ top: element.scrollHeight }));
  const last = page.getByRole("treeitem", { name: /call 9999/ });
  await expect(last).toBeVisible();
  const before = Date.now();
  await last.click();
  await expect(last).toHaveAttribute("aria-selected", "true");
  await expect(page.getByRole("heading", { name: "call 9999" })).toBeVisible();
  expect(Date.now() - before).toBeLessThan(2000);

  await page.keyboard.press("/");
  await page.keyboard.type("call 4242");
  await expect(page.getByText("1 hit")).toBeVisible();
  expect(await page.getByRole("treeitem").count()).toBe(3);
});

test("a chain 5,000 deep opens", async ({ page, server }) => {
  const sample = deepTrace(5000);
  await send(server, sample.spans);
  await page.goto(`${server}/ui/traces/${sample.traceId}`);
  await expect(page.getByRole("treeitem").first()).toBeVisible();
  await page.keyboard.press("End");
  const deepest = page.getByRole("treeitem", { selected: true });
  await expect(deepest).toContainText("level 4999");
  await expect(deepest).toContainText("4999");
  await page.keyboard.press("[");
  await expect(page.getByRole("treeitem")).toHaveCount(1);
});

test.describe("refusals", () => {
  test.use({ expectedFault: /status of 404/ });

  test("a trace and a span that do not exist are told in words", async ({ page, server }) => {
    const sample = agentTrace();
    await send(server, sample.spans);
    await page.goto(`${server}/ui/traces/${sample.traceId}?span=0000000000000001`);
    await expect(page.getByRole("heading", { name: "This span is not in the trace" })).toBeVisible();
    await page.goto(`${server}/ui/traces/00000000000000000000000000000001`);
    await expect(page.getByRole("heading", { name: "There is no such trace" })).toBeVisible();
  });
});
