import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** A name that its owner lets point to this machine. */
export const REBOUND_NAME = "evil.example";

const WITHOUT = [
  // It is the queen who is to keep pages of others out, whatever the browser does.
  "LocalNetworkAccessChecks",
  // Of each window two pages of the browser itself, in processes of their own, which cost more than those of tests.
  "WebUIOmniboxPopup",
  "WebUIOmniboxAimPopup",
];
const FLAGS = [
  // Tests run as root, too, where the sandbox does not.
  "--no-sandbox",
  `--host-resolver-rules=MAP ${REBOUND_NAME} 127.0.0.1`,
  `--disable-features=${WITHOUT.join()}`,
];

/** Of Debian. The first is the same without a window of its own, which takes a fifth less of the processor, as measured over all tests of the page. */
const NAMES = ["chromium-headless-shell", "chromium"];

function findChromium(): string {
  const given = process.env.CHROMIUM_PATH;
  const folders = (process.env.PATH ?? "").split(delimiter);
  const candidates =
    given === undefined ? NAMES.flatMap((name) => folders.map((folder) => join(folder, name))) : [given];
  const found = candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found !== undefined) return found;
  throw new Error(
    `this test needs Chromium: apt-get install ${NAMES.join(" or ")}, or say in CHROMIUM_PATH where it is`,
  );
}

/** The browser of this machine, which nobody sees. */
export const launchChromium = (): Promise<Browser> => chromium.launch({ executablePath: findChromium(), args: FLAGS });
