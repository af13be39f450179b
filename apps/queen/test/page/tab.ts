import type { BrowserContext, Page } from "playwright-core";
import { newContext } from "../browser/chromium.ts";

interface Tab {
  readonly page: Page;
  /** Violations of its policy, errors, and requests to elsewhere than its own origin. */
  readonly faults: string[];
}

/** Runs in the page, which is none of this program. */
const TELL_VIOLATIONS = `document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  tellViolation("violated " + violatedDirective + ": " + blockedURI));`;

/** A tab at this address, of somebody who has other tabs in the same `context`. */
export async function openTab(url: string, context?: BrowserContext): Promise<Tab> {
  const page = await (context ?? (await newContext())).newPage();
  const { origin } = new URL(url);
  const faults: string[] = [];
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.protocol !== "data:" && asked.origin !== origin) faults.push(`asked ${asked}`);
  });
  await page.exposeFunction("tellViolation", (text: string) => void faults.push(text));
  await page.addInitScript({ content: TELL_VIOLATIONS });
  await page.goto(url);
  return { page, faults };
}
