import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { onTestFinished } from "vitest";

/** A name that its owner lets point to this machine. */
export const REBOUND_NAME = "evil.example";

const FLAGS = [
  // Tests run as root, too, where the sandbox does not.
  "--no-sandbox",
  `--host-resolver-rules=MAP ${REBOUND_NAME} 127.0.0.1`,
  // It is the queen who is to keep pages of others out, whatever the browser does.
  "--disable-features=LocalNetworkAccessChecks",
];

function findChromium(): string {
  const given = process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates = given === undefined ? folders.map((folder) => join(folder, "chromium")) : [given];
  const found = candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found !== undefined) return found;
  throw new Error("this test needs Chromium: apt-get install chromium, or say in CHROMIUM_PATH where it is");
}

let browser: Promise<Browser> | undefined;

/** One browser for all tests of a file; who takes part gets cookies and storage of his own. */
export async function newContext(): Promise<BrowserContext> {
  browser ??= chromium.launch({ executablePath: findChromium(), args: FLAGS });
  const context = await (await browser).newContext();
  onTestFinished(() => context.close());
  return context;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
}

/** An empty page at this address, whoever answers there otherwise: as the queen would send it herself, or somebody whose name points to her a moment later. */
export async function pageAt(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  const isAsked = (asked: URL) => asked.href === url;
  const shell = { contentType: "text/html", body: "<!doctype html><title>a page</title>" };
  await page.route(isAsked, (route) => route.fulfill(shell));
  await page.goto(url);
  await page.unroute(isAsked);
  return page;
}
