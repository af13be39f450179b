import { performance } from "node:perf_hooks";
import type { CopyProgress } from "../src/maintenance/copy.ts";
import { sizeText } from "./catalog-report.ts";

/** Between two lines where there is no terminal, which could show one line that changes. */
const LINE_INTERVAL_MS = 2000;

/** Shows how far a copy is: on a terminal in one line, elsewhere in a line every two seconds. */
export function copyProgress(what: string, output: NodeJS.WriteStream) {
  let nextLineMs = performance.now() + LINE_INTERVAL_MS;
  let isLineOpen = false;
  return {
    report: ({ bytes, totalBytes }: CopyProgress) => {
      const text = `${what}: ${percent(bytes, totalBytes)} of ${sizeText(totalBytes)}`;
      if (output.isTTY) {
        output.write(`\r${text}\u001b[K`);
        isLineOpen = true;
      } else if (performance.now() >= nextLineMs) {
        nextLineMs = performance.now() + LINE_INTERVAL_MS;
        output.write(`${text}\n`);
      }
    },
    end: () => {
      if (isLineOpen) output.write("\r\u001b[K");
    },
  };
}

function percent(bytes: number, totalBytes: number): string {
  return `${totalBytes === 0 ? 100 : Math.floor((100 * bytes) / totalBytes)} %`;
}
