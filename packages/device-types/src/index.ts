export { CpuDevice, DeviceCapabilities, DeviceReport, GpuDevice } from "./devices.ts";
export {
  DeviceCapabilitiesJson,
  DeviceReportJson,
  StrictDeviceCapabilitiesJson,
  toDeviceCapabilitiesJson,
} from "./json.ts";
export { decodeDevices } from "./stored.ts";
