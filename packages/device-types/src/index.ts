export { CpuDevice, DeviceCapabilities, GpuDevice } from "./devices.ts";
export { DeviceCapabilitiesJson, StrictDeviceCapabilitiesJson } from "./json.ts";
