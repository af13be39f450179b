export { readCertificates } from "./certificates.ts";
export { makeFolders } from "./folders.ts";
export { leadsNowhere, print, written } from "./print.ts";
export { LOG_LEVELS, oneOf, trueOrFalse, wholeNumber } from "./schemas.ts";
export type { Declarations, Environment, Secret, Setting } from "./setting.ts";
export { readSecretFile, readSettingFile } from "./setting-file.ts";
export {
  type CommandLineReading,
  type Reading,
  Settings,
  type SettingsOptions,
  type Values,
  type Wording,
} from "./settings.ts";
export { readOptions, runCommandLine, withAnswers, withUsageErrors } from "./usage-errors.ts";
