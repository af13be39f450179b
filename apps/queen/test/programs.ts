import { fileURLToPath } from "node:url";
import { bundleOf } from "../../../scripts/build/cache.js";

const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The files that node runs: bundles of the sources as they are now. */
export const QUEEN: string = await bundleOf(pathOf("../src/main.ts"));
export const HIVE: string = await bundleOf(pathOf("../../hive/src/agent.ts"));
/** Many agents as one process, which takes the environment of each. */
export const RACK: string = await bundleOf(pathOf("../../hive/test/rack.ts"));
