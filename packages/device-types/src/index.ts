export { CpuDevice, DeviceCapabilities, GpuDevice } from "./devices.ts";
export { DeviceCapabilitiesJson, StrictDeviceCapabilitiesJson, toDeviceCapabilitiesJson } from "./json.ts";
export { decodeDevices } from "./stored.ts";
