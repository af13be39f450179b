import { HiveCatalogError, type OperationRecord } from "@repo/hive-catalog";
import { ProgramError } from "@repo/processes";
import { CodedError } from "../process/errors.ts";
import { ProbeError } from "../reach/probe.ts";

/** How a step can fail, and what whoever runs the fleet does then. ID is that of the hive. */
export const REMEDIES = {
  ID_NOT_FOR_AGENTS: "add the hive anew under another id",
  HOME_MISSING: "start the queen with HOME in her environment, a folder that is there and hers",
  TEMP_FOLDER_UNUSABLE:
    "let the queen write there, or name another folder in TMPDIR; a container may want a tmpfs for it",
  PUBLIC_URL_MISSING:
    "start the queen with QUEEN_PUBLIC_URL, the URL under which hives reach her, such as http://10.0.1.1:8500",
  SSH_TARGET_UNUSABLE:
    "correct ssh_host, ssh_port and ssh_user with `hivectl set ID`, or allow the address in QUEEN_ALLOWED_HOSTS",
  PROGRAM_NOT_STARTED:
    "install the client of OpenSSH on the queen's machine, and see that her PATH leads to sh and ssh; for EAGAIN, EMFILE or ENOMEM let her have more processes, open files or memory",
  QUEEN_USER_UNKNOWN:
    "give the queen's user an entry in /etc/passwd of her machine or container: ssh runs for no user without one",
  SSH_UNREACHABLE: "see from the queen's machine that an sshd answers at ssh_host and ssh_port",
  SSH_KEY_REFUSED:
    "put the public half of the key in QUEEN_SSH_IDENTITY into ~/.ssh/authorized_keys of ssh_user, and have sshd let that user in with the key alone",
  SSH_KEY_UNUSABLE:
    "name in QUEEN_SSH_IDENTITY a private key without a passphrase that she may read, or let an ssh-agent hold it",
  HOST_KEY_UNKNOWN:
    "compare the fingerprint with that of the host itself, then confirm it with `hivectl host-key confirm ID`",
  HOST_KEY_CHANGED:
    "if the host was set up anew, and only then, forget the known key with `hivectl host-key forget ID`, or in the known_hosts file, and confirm the new one",
  HOST_KEY_REVOKED: "make a new host key on the host, take the revoked one away there, and confirm the new one",
  LOGIN_SHELL_RUNS_NOTHING:
    "give ssh_user a login shell that runs commands, and whose files, such as .bashrc, read nothing",
  COMMAND_FAILED: "look at output_tail, put right what it says of the host, and try again",
  COMMAND_GIVEN_UP: "see why it takes or prints so much there, and try again",
  NODE_MISSING: "install Node 20.19 or later so that `ssh host node --version` says it",
  NODE_TOO_OLD: "install Node 20.19 or later in its place",
  NODE_UNUSABLE: "install a Node that is made for that machine, and that prints nothing of its own",
  QUEEN_UNREACHABLE:
    "let the host reach QUEEN_PUBLIC_URL: firewall, name, certificate (QUEEN_TLS_CERT with all of its chain, QUEEN_PUBLIC_CA)",
  AGENT_FILE_MISSING: "build or unpack the queen anew: the agent is part of her",
  COPY_DAMAGED: "install it again with `hivectl install ID`",
  AGENT_NOT_INSTALLED: "install it with `hivectl install ID`",
  AGENT_OF_ANOTHER_QUEEN:
    "have that queen stop it; to take it over, remove the file hive.env in its folder by hand, then `hivectl install ID`",
  AGENT_STARTED_ELSEWHERE: "stop it where it was started, or end its process where its hive.pid was removed",
  AGENT_NOT_STARTED: "put right what the agent says of its host, and try again",
  AGENT_ENDED:
    "look at hive.log in its folder; where logind ends what a session leaves (KillUserProcesses), have root let ssh_user linger, then `hivectl install ID`",
  AGENT_SILENT:
    "let the queen reach host and port of the hive; after a change of either, or of QUEEN_PUBLIC_URL, the agent learns of it by `hivectl install ID`",
  DEVICES_UNKNOWN: "look at hive.log in the folder of the agent, then ask for its devices with `hivectl detect ID`",
  HIVE_NOT_ALLOWED: "correct host with `hivectl set ID --host HOST`, or allow its address in QUEEN_ALLOWED_HOSTS",
  WRONG_HIVE: "give the hive a port that no other one has with `hivectl set ID --port PORT`, then `hivectl install ID`",
  OPERATION_TOO_SLOW: "try again; of many operations at one time the last wait long",
  CATALOG_FAILED: "see what docs/operations.md says of the code, then try again",
  UNFORESEEN: "read output_tail, and try again; what comes again is a fault of the queen",
} as const;
export type FailureCode = keyof typeof REMEDIES;

/** A step that failed in a way that is known: the message says what was found. */
export class StepFailure extends CodedError<FailureCode> {
  override readonly name = "StepFailure";
}

const OF_PROBES: Record<ProbeError["code"], FailureCode> = {
  HIVE_UNREACHABLE: "AGENT_SILENT",
  HIVE_NOT_ALLOWED: "HIVE_NOT_ALLOWED",
  INVALID_DEVICES: "DEVICES_UNKNOWN",
  WRONG_HIVE: "WRONG_HIVE",
};

/** A problem ends with the code of the failure and what to do next; what stands before may look the same, since a host says it. */
const ENDS_WITH_CODE = /^.* \[([A-Z_]+)\]; next: /s;

export function withRemedy(problem: string, error: unknown, hiveId: string): string {
  const code = codeOf(error);
  return `${problem} [${code}]; next: ${REMEDIES[code].replaceAll(/\bID\b/g, () => hiveId)}`;
}

/** With these a start has failed so that surely no agent of the queen runs there. */
const NOT_STARTED: readonly string[] = ["AGENT_NOT_STARTED", "WRONG_HIVE"] satisfies FailureCode[];

/** Whether the problem of a start that failed has one of these codes. */
export const isNotStarted = ({ problem }: Pick<OperationRecord, "problem">): boolean =>
  NOT_STARTED.includes(ENDS_WITH_CODE.exec(problem ?? "")?.[1] ?? "");

function codeOf(error: unknown): FailureCode {
  if (error instanceof StepFailure) return error.code;
  if (error instanceof ProbeError) return OF_PROBES[error.code];
  if (error instanceof ProgramError) return error.kind === "given_up" ? "COMMAND_GIVEN_UP" : "PROGRAM_NOT_STARTED";
  return error instanceof HiveCatalogError ? "CATALOG_FAILED" : "UNFORESEEN";
}
