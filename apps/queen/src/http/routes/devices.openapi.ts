import { StrictDeviceCapabilitiesJson } from "@repo/device-types";
import type { Operation } from "../openapi/operation.ts";
import { WITH_BODY, WITH_ID, WRITING } from "../openapi/problems.ts";
import { HIVE_EXAMPLE } from "./hives.openapi.ts";

const devices = (description: string) => ({
  description,
  schema: StrictDeviceCapabilitiesJson,
  example: HIVE_EXAMPLE.devices,
});

export const devicesOperations: readonly Operation[] = [
  {
    method: "put",
    path: "/v1/hives/:id/devices",
    operationId: "setDevices",
    tag: "hives",
    summary: "Store the devices that an operator writes",
    body: {
      schema: StrictDeviceCapabilitiesJson,
      examples: { one_gpu: HIVE_EXAMPLE.devices, nothing_known: { cpu: null, gpus: [] } },
    },
    answers: { 200: devices("The devices as stored") },
    problems: ["INVALID_HIVE", ...WITH_ID, ...WITH_BODY, ...WRITING],
  },
  {
    method: "post",
    path: "/v1/hives/:id/devices",
    operationId: "detectDevices",
    tag: "hives",
    summary: "Ask the hive for its devices now, and store them",
    answers: { 200: devices("What the hive answered") },
    problems: [
      "HIVE_UNREACHABLE",
      "HIVE_NOT_ALLOWED",
      "INVALID_DEVICES",
      "WRONG_HIVE",
      "CORRUPT_HIVE",
      ...WITH_ID,
      ...WRITING,
    ],
  },
];
