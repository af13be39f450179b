import { execFileSync } from "node:child_process";

/** The processes of this machine that have not ended, with their arguments. One that nobody collected yet has ended. */
export function processes(): { pid: number; uid: number; args: string }[] {
  const lines = execFileSync("ps", ["-e", "-o", "pid=,uid=,stat=,args="], { encoding: "utf8" }).trim().split("\n");
  return lines.flatMap((line) => {
    const [, pid, uid, state = "", args = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return state.startsWith("Z") ? [] : [{ pid: Number(pid), uid: Number(uid), args }];
  });
}

export const isRunning = (pid: number): boolean => processes().some((one) => one.pid === pid);
