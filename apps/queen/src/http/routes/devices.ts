import { StrictDeviceCapabilitiesJson, toDeviceCapabilitiesJson } from "@repo/device-types";
import * as z from "zod";
import { readHive } from "../../fleet/read-hive.ts";
import { WRITING } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { HIVE_EXAMPLE } from "./hive-json.ts";

const devices = (description: string) => ({
  description,
  schema: StrictDeviceCapabilitiesJson,
  example: HIVE_EXAMPLE.devices,
});

const DetectedDevices = StrictDeviceCapabilitiesJson.in
  .extend({
    problems: z
      .array(z.string())
      .meta({ description: "In words, what the hive could not read: it stays as it was known" }),
  })
  .meta({ id: "DetectedDevices", description: "The devices as stored, and what the hive could not read" });

export const devicesRoutes = [
  defineRoute({
    method: "put",
    path: "/v1/hives/:id/devices",
    operationId: "setDevices",
    summary: "Store the devices that an operator writes",
    body: {
      schema: StrictDeviceCapabilitiesJson,
      code: "INVALID_HIVE",
      examples: { one_gpu: HIVE_EXAMPLE.devices, nothing_known: { cpu: null, gpus: [] } },
    },
    answer: devices("The devices as stored"),
    problems: WRITING,
  }).handle(async ({ params: { id }, body }, { catalog, fleet }) => {
    await fleet.turns.take(id, async () => {
      await catalog.updateDevices(id, body);
      fleet.devices.stored(id, body);
    });
    return toDeviceCapabilitiesJson(body);
  }),
  defineRoute({
    method: "post",
    path: "/v1/hives/:id/devices",
    operationId: "detectDevices",
    summary: "Ask the hive for its devices now, and store them",
    answer: {
      description: "The devices as stored, and what the hive could not read",
      schema: DetectedDevices,
      example: { ...HIVE_EXAMPLE.devices, problems: [] },
    },
    problems: ["HIVE_UNREACHABLE", "HIVE_NOT_ALLOWED", "INVALID_DEVICES", "WRONG_HIVE", "CORRUPT_HIVE", ...WRITING],
  }).handle(async ({ params: { id } }, parts) => {
    const report = await parts.fleet.devices.detect(await readHive(id, parts));
    return { ...toDeviceCapabilitiesJson(report), problems: report.problems };
  }),
];
