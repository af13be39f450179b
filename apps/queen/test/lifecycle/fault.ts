import { chown, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sshd } from "./sshd.ts";

/** For an sshd: does with the command of one number what `setFault` says, and with all others what they are for. */
export const FAULTY = `
cd "$HOME"
count=$(( $(cat count 2>/dev/null || echo 0) + 1 ))
echo $count > count
read -r at fault < fault
if [ "$count" = "$at" ]; then
  case $fault in
    stall) exec sleep 600 ;;
    tamper) sh -c "$SSH_ORIGINAL_COMMAND"; echo >> "$(echo .hive/*/incoming/agent.mjs)"; exit ;;
    no-node) PATH=$HOME/bin exec sh -c "$SSH_ORIGINAL_COMMAND" ;;
    old-node) PATH=$HOME/bin:$PATH exec sh -c "$SSH_ORIGINAL_COMMAND" ;;
    cut-behind) sh -c "$SSH_ORIGINAL_COMMAND" ;;
  esac
  session=$PPID
  while [ "$(cat /proc/$session/comm)" != sshd ]; do session=$(sed -n 's/^PPid:\\s*//p' /proc/$session/status); done
  kill -9 $session
  exit 1
fi
exec sh -c "$SSH_ORIGINAL_COMMAND"
`;

/** `tamper`: what it has copied is changed behind it; `no-node`, `old-node`: it finds another PATH. */
type Fault = "cut-before" | "cut-behind" | "stall" | "tamper" | "no-node" | "old-node";

/** What happens to the command with that number, counted from now on; 0 is none. */
export async function setFault({ home, account }: Sshd, at: number, what: Fault): Promise<void> {
  for (const [name, text] of [
    ["fault", `${at} ${what}\n`],
    ["count", "0\n"],
  ] as const) {
    await writeFile(join(home, name), text);
    await chown(join(home, name), account.uid, account.gid);
  }
}

/** How many commands have begun since then. */
export const commandsBegun = async ({ home }: Sshd): Promise<number> =>
  Number(await readFile(join(home, "count"), "utf8"));
