/** Runs one benchmark, tells of its progress by messages, and prints its results as JSON. */
import { groups } from "./groups.ts";
import { growth } from "./growth.ts";
import { reads, writes } from "./single-calls.ts";

const [name = "", folder = "", extent] = process.argv.slice(2);
const benchmark = [reads, writes, groups, growth].find((known) => known.name === name);
if (benchmark === undefined) throw new Error(`there is no benchmark '${name}'`);
const progress = (doing: string) => void process.send?.(doing);
const results = await benchmark.run({ quick: extent === "quick", folder, progress });
process.stdout.write(JSON.stringify(results));
