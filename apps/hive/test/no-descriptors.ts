/** What the agent says of this host while it can open files, and what once it cannot. The kernel's list of cards is in the folder that is named. */
import { openSync } from "node:fs";
import { pino } from "pino";
import { deviceDetector } from "../src/devices/devices.ts";
import { Gpus } from "../src/devices/gpus.ts";
import { TelemetryWatch } from "../src/telemetry/watch.ts";

const [sysfs = ""] = process.argv.slice(2);
const log = pino({ level: "silent" });
const gpus = new Gpus({ timeoutMs: 20_000, signal: new AbortController().signal, log, sysfs });
const detect = deviceDetector(gpus, 20_000);
const telemetry = new TelemetryWatch({ gpus, log, sysfs });

async function said() {
  const devices = await detect();
  await telemetry.refresh();
  return { devices, telemetry: telemetry.latest() };
}

const before = await said();
useUpDescriptors();
const after = await said();
process.stdout.write(JSON.stringify({ before, after }));

function useUpDescriptors(): void {
  try {
    for (;;) openSync("/dev/null", "r");
  } catch {
    return;
  }
}
