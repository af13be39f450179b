// Whatever runs from this repository imports this first, and can import TypeScript afterwards.
import * as module from "node:module";
import * as sourceCondition from "./source-condition.js";

if (process.features.typescript && module.registerHooks) {
  // Node 22.18 and later run TypeScript as it is.
  module.registerHooks(sourceCondition);
} else {
  (await import("tsx/esm/api")).register({ tsconfig: false });
  module.register("./source-condition.js", import.meta.url);
}
