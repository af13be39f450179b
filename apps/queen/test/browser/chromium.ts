import type { Browser, BrowserContext, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { launchChromium } from "./launch.ts";

let browser: Promise<Browser> | undefined;

/** One browser for all tests of this process, with which it ends; who takes part gets cookies and storage of his own, and takes the certificates of tests. */
export async function newContext(): Promise<BrowserContext> {
  browser ??= launchChromium();
  const context = await (await browser).newContext({ ignoreHTTPSErrors: true });
  onTestFinished(() => context.close());
  return context;
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
