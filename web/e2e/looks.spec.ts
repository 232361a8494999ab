import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { send } from "./otlp";
import { agentTrace, genAiTrace } from "./samples";
import { expect, test } from "./server";

test("dark and light: the system's, then the reader's choice, kept", async ({ page, server }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`${server}/ui/traces`);
  const html = page.locator("html");
  await expect(html).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Use the light theme" }).click();
  await expect(html).toHaveAttribute("data-theme", "light");
  await page.reload();
  await expect(html).toHaveAttribute("data-theme", "light");
  await page.getByRole("button", { name: "Use the dark theme" }).click();
  await expect(html).toHaveAttribute("data-theme", "dark");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`no serious fault for people with disabilities, ${colorScheme}`, async ({ page, server }) => {
    // Fourteen scans of whole pages are slow on a small machine.
    test.slow();
    await page.emulateMedia({ colorScheme });
    await page.goto(`${server}/ui/traces`);
    await expect(page.getByRole("heading", { name: "No traces yet" })).toBeVisible();
    await expectAccessible(page);

    const sample = agentTrace();
    await send(server, sample.spans);
    await expect(page.locator("[data-trace]")).toHaveCount(1);
    await page.keyboard.press("j");
    await expectAccessible(page);

    for (const span of [sample.spans[0], sample.spans[3], sample.spans[4], sample.spans[5]]) {
      await page.goto(`${server}/ui/traces/${sample.traceId}?span=${span?.spanId}`);
      await expect(page.getByRole("tabpanel")).not.toBeEmpty();
      await expectAccessible(page);
    }
    const genAi = genAiTrace();
    await send(server, genAi.spans, { "service.version": "2026.11.3" });
    for (const span of genAi.spans.slice(1)) {
      await page.goto(`${server}/ui/traces/${genAi.traceId}?span=${span.spanId}`);
      await expect(page.getByRole("tabpanel")).not.toBeEmpty();
      await expectAccessible(page);
    }
    await page.goto(`${server}/ui/traces`);
    await expect(page.locator("[data-trace]")).toHaveCount(2);
    await expectAccessible(page);

    await page.goto(`${server}/ui/traces/${sample.traceId}`);
    for (const tab of ["Attributes", "Events", "Raw"]) {
      await page.getByRole("tab", { name: tab }).click();
      await expectAccessible(page);
    }
  });
}

test("320 pixels are enough", async ({ page, server }) => {
  await page.setViewportSize({ width: 320, height: 640 });
  const sample = agentTrace();
  await send(server, sample.spans);
  await page.goto(`${server}/ui/traces`);
  await expect(page.locator("[data-trace]")).toHaveCount(1);
  await expectNoSideScroll(page);
  await page.locator("[data-trace] a").click();
  await expect(page.getByRole("treeitem")).toHaveCount(6);
  await expect(page.getByRole("tabpanel")).toBeVisible();
  await expectNoSideScroll(page);
});

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations.filter((each) => each.impact === "serious" || each.impact === "critical");
  expect(
    serious.map((each) => [each.id, each.nodes.map((node) => [node.html, node.failureSummary])]),
  ).toEqual([]);
}

async function expectNoSideScroll(page: Page): Promise<void> {
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
}
