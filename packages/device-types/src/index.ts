export { CpuDevice, DeviceCapabilities, DeviceReport, GpuDevice } from "./devices.ts";
export { GPU_IDENTITY_VERSION, GPU_VENDORS, type GpuIdentity, type GpuVendor, identifyGpu } from "./gpu-identity.ts";
export { GrammarError } from "./grammar-error.ts";
export {
  DeviceCapabilitiesJson,
  DeviceReportJson,
  StrictDeviceCapabilitiesJson,
  toDeviceCapabilitiesJson,
} from "./json.ts";
export { CoresRequirement, GpuRequirement, memoryGbOf, SizeRequirement } from "./requirement.ts";
export type { Range } from "./size-range.ts";
export { decodeDevices } from "./stored.ts";
