export { HiveCatalog } from "./catalog.ts";
export { type FieldProblem, HIVE_CATALOG_ERROR_CODES, HiveCatalogError, type HiveCatalogErrorCode } from "./errors.ts";
export { Cordon, NewCordon } from "./model/cordon.ts";
export {
  type DevicesInput,
  HIVE_ID_PATTERN,
  HIVE_STATUSES,
  HiveChanges,
  type HiveInput,
  HiveRecord,
  HiveStatus,
  isHost,
  NewHive,
  newHiveRecord,
} from "./model/hive.ts";
export { HiveChangesJson, HiveRecordJson, NewHiveJson, toHiveRecordJson } from "./model/hive-json.ts";
export { HostKey, NewHostKey } from "./model/host-key.ts";
export { type HiveLabel, isLabelKey, isLabelValue, LabelChanges, Labels, labelOf, MAX_LABELS } from "./model/label.ts";
export {
  MAX_OUTPUT_TAIL,
  MAX_PROBLEM,
  NewOperation,
  OPERATION_KINDS,
  OPERATION_STATES,
  OperationEnd,
  OperationProgress,
  OperationRecord,
  OperationStep,
  type OperationSummary,
} from "./model/operation.ts";
export { QueenRecord } from "./model/queen.ts";
export { Selector, type SelectorTerm } from "./model/selector.ts";
export { NewSession, SessionRecord } from "./model/session.ts";
export { isInForce, NewToken, StoredToken, TOKEN_ROLES, TokenRecord } from "./model/token.ts";
export type {
  CallOptions,
  CordonListOptions,
  DamagedHive,
  DamagedRecord,
  FindOptions,
  FindStreamOptions,
  FoundHives,
  FoundOperations,
  GetOptions,
  LabelListOptions,
  LabelPlacesOptions,
  ListOptions,
  OpenOptions,
  OperationFindOptions,
  OperationListOptions,
  PatchOptions,
  RevokeOptions,
  StaleOptions,
  StreamOptions,
} from "./options.ts";
export type { Cordons } from "./records/cordons.ts";
export type { DerivedGpuRows } from "./records/gpus.ts";
export type { HostKeys } from "./records/host-keys.ts";
export type { BoundedCount, HiveLabels, LabelKey } from "./records/labels.ts";
export type { Operations } from "./records/operations.ts";
export { QUEEN_GONE_AFTER_MS, type Queens } from "./records/queens.ts";
export { MAX_SESSIONS, MAX_SESSIONS_OF_TOKEN, type Sessions } from "./records/sessions.ts";
export {
  hasHash,
  type MintedSession,
  type MintedToken,
  mintSession,
  mintToken,
  secretHash,
  tokenIdOf,
} from "./records/token-secrets.ts";
export type { Tokens } from "./records/tokens.ts";
export type { Synchronous } from "./sql/synchronous.ts";
