export { unlessExhausted } from "./exhausted.ts";
export { isRunning, type ProcessIdentity, startTimeOf } from "./identity.ts";
export { type ProcessStat, parseStat } from "./process-stat.ts";
export { type ProgramEnd, ProgramError, type ProgramOptions, runProgram } from "./program.ts";
export { endWithStarter, onStopSignals } from "./stop-signals.ts";
export { ProgramTurns } from "./turns.ts";
