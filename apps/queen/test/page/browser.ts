import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
/** Without the sandbox, which root has none of; and nothing that it would ask of its makers. */
const ARGS = ["--no-sandbox", "--disable-background-networking"];

/** Runs in the page, which is none of this program. */
const TELL_VIOLATIONS = `document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  tellViolation("violated " + violatedDirective + ": " + blockedURI));`;

/** What a page did that it should not have done. */
export interface Watched {
  readonly page: Page;
  /** Violations of its policy, errors, and requests to elsewhere than its own origin. */
  readonly faults: string[];
}

/** One real browser for the tests of a file, with nothing kept between two of them. */
export function browser() {
  let chrome: Browser;
  beforeAll(async () => {
    chrome = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  });
  afterAll(() => chrome.close());
  return {
    /** What one person has open: tabs with the same cookies and storage. */
    async person(options: Parameters<Browser["newContext"]>[0] = {}): Promise<BrowserContext> {
      const context = await chrome.newContext(options);
      onTestFinished(() => context.close());
      return context;
    },
    async open(url: string, context?: BrowserContext): Promise<Watched> {
      const tab = await (context ?? (await this.person())).newPage();
      return { page: tab, faults: await watch(tab, url) };
    },
  };
}

async function watch(page: Page, url: string): Promise<string[]> {
  const faults: string[] = [];
  const { origin } = new URL(url);
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (asked.protocol !== "data:" && asked.origin !== origin) faults.push(`asked ${asked}`);
  });
  await page.exposeFunction("tellViolation", (text: string) => void faults.push(text));
  await page.addInitScript({ content: TELL_VIOLATIONS });
  await page.goto(url);
  return faults;
}
