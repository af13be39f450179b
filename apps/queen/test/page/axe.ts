import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** In other colours nothing else is other. */
const RULES = { light: "", dark: 'runOnly: ["color-contrast"],' };
const findings = (
  rules: string,
) => `axe.run({ ${rules} resultTypes: ["violations"] }).then(({ violations }) => violations
  .filter(({ impact }) => impact === "serious" || impact === "critical")
  .map(({ id, nodes }) => id + ": " + nodes.map(({ target, failureSummary }) => target + " " + failureSummary).join("; ")))`;

/** What axe holds against what is shown, light and dark, as serious or worse; contrast below 4.5 to 1 is. */
export async function findingsIn(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    found.push(...(await page.evaluate<string[]>(findings(RULES[colorScheme]))));
  }
  return found;
}
