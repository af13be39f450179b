import { DeviceCapabilitiesJson, StrictDeviceCapabilitiesJson } from "@repo/device-types";
import type { FastifyInstance } from "fastify";
import type { AppParts } from "../app.ts";
import { hiveNotFound } from "../errors.ts";
import { type HivePath, parseBody, pathId } from "../input.ts";

type DevicesParts = Pick<AppParts, "catalog" | "fleet">;

export function devicesRoutes(app: FastifyInstance, { catalog, fleet }: DevicesParts): void {
  app.put<HivePath>("/v1/hives/:id/devices", async (request) => {
    const id = pathId(request);
    const devices = parseBody(StrictDeviceCapabilitiesJson, request.body, "INVALID_HIVE");
    await catalog.updateDevices(id, devices);
    fleet.devicesWritten(id);
    return StrictDeviceCapabilitiesJson.encode(devices);
  });

  app.post<HivePath>("/v1/hives/:id/devices", async (request) => {
    const id = pathId(request);
    const hive = await catalog.getHive(id);
    if (hive === undefined) throw hiveNotFound(id);
    return DeviceCapabilitiesJson.encode(await fleet.detectDevices(hive));
  });
}
