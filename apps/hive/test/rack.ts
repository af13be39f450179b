/**
 * Many agents in one process: hosts of one rack, which stand still or lose their power together. Each is the agent itself, with a server, a log and
 * beats of its own; its argument is the environment of each, as JSON.
 */
import { createLog } from "@repo/process-log";
import type { Environment } from "@repo/settings";
import { readConfig } from "../src/config.ts";
import { Hive } from "../src/hive.ts";

const [, , environments = "[]"] = process.argv;
const log = createLog({ base: null });
await Promise.all((JSON.parse(environments) as Environment[]).map(startHive));

async function startHive(environment: Environment): Promise<void> {
  const reading = readConfig([], environment);
  if (!("values" in reading)) throw new Error(JSON.stringify(reading));
  const { id, host } = reading.values;
  const ownLog = log.child({ hive: id });
  const hive = new Hive(reading.values, ownLog);
  const port = await hive.listen();
  if (port === undefined) return;
  hive.beat(port);
  ownLog.info({ host, port }, "hive listening");
}
