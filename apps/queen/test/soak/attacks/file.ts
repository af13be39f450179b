import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Attack } from "./attack.ts";

const PROGRAM = new URL("./other-user.ts", import.meta.url);
/** Nobody of this machine. */
const OTHER_UID = 65_534;
const TIMEOUT_MS = 60_000;

export const CAN_BE_OTHERS = process.getuid?.() === 0;

/** Another user of the machine takes a lock on the catalog's file. Only root can be another one. */
export const otherUser: Attack = ({ victims }) => {
  const how = { uid: OTHER_UID, gid: OTHER_UID, cwd: "/", timeout: TIMEOUT_MS, killSignal: "SIGKILL" } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, [fileURLToPath(PROGRAM), victims.database], how, (error, stdout, stderr) => {
      if (error) resolve([`another user could not even try: ${stderr || error.message}`]);
      else resolve(stdout.trim() === "" ? [] : stdout.trim().split("\n"));
    });
  });
};
