import { StrictDeviceCapabilitiesJson, toDeviceCapabilitiesJson } from "@repo/device-types";
import { WRITING } from "../problems.ts";
import { defineRoute } from "../route.ts";
import { HIVE_EXAMPLE, readHive } from "./hives.ts";

const devices = (description: string) => ({
  description,
  schema: StrictDeviceCapabilitiesJson,
  example: HIVE_EXAMPLE.devices,
});

export const devicesRoutes = [
  defineRoute({
    method: "put",
    path: "/v1/hives/:id/devices",
    operationId: "setDevices",
    tag: "hives",
    summary: "Store the devices that an operator writes",
    body: {
      schema: StrictDeviceCapabilitiesJson,
      code: "INVALID_HIVE",
      examples: { one_gpu: HIVE_EXAMPLE.devices, nothing_known: { cpu: null, gpus: [] } },
    },
    answer: devices("The devices as stored"),
    problems: WRITING,
  }).handle(async ({ params: { id }, body }, { catalog, fleet }) => {
    await catalog.updateDevices(id, body);
    fleet.devices.stored(id);
    return toDeviceCapabilitiesJson(body);
  }),
  defineRoute({
    method: "post",
    path: "/v1/hives/:id/devices",
    operationId: "detectDevices",
    tag: "hives",
    summary: "Ask the hive for its devices now, and store them",
    answer: devices("What the hive answered"),
    problems: ["HIVE_UNREACHABLE", "HIVE_NOT_ALLOWED", "INVALID_DEVICES", "WRONG_HIVE", "CORRUPT_HIVE", ...WRITING],
  }).handle(async ({ params: { id } }, parts) =>
    toDeviceCapabilitiesJson(await parts.fleet.devices.detect(id, await readHive(id, parts))),
  ),
];
