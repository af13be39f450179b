import { DeviceCapabilitiesJson, StrictDeviceCapabilitiesJson } from "@repo/device-types";
import type { FastifyInstance } from "fastify";
import { hiveNotFound } from "../errors.ts";
import { type HivePath, parseBody, pathId } from "../input.ts";
import type { AppParts } from "../parts.ts";

type DevicesParts = Pick<AppParts, "catalog" | "detection" | "events">;

export function devicesRoutes(app: FastifyInstance, { catalog, detection, events }: DevicesParts): void {
  app.put<HivePath>("/v1/hives/:id/devices", async (request) => {
    const id = pathId(request);
    const devices = parseBody(StrictDeviceCapabilitiesJson, request.body, "INVALID_HIVE");
    await catalog.updateDevices(id, devices);
    detection.learnDevices(id);
    events.publish("hive_changed", { hive_id: id });
    return StrictDeviceCapabilitiesJson.encode(devices);
  });

  app.post<HivePath>("/v1/hives/:id/devices", async (request) => {
    const id = pathId(request);
    const hive = await catalog.getHive(id);
    if (hive === undefined) throw hiveNotFound(id);
    return DeviceCapabilitiesJson.encode(await detection.detect(id, hive));
  });
}
