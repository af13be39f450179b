import { optionOf, portIn, programOf } from "./argv.ts";
import type { Proc } from "./proc.ts";

/** A port behind which a container listens. */
export interface PublishedPort {
  /** Of the `docker-proxy`, whose network namespace has that port. */
  readonly pid: number;
  readonly hostAddress: string;
  readonly hostPort: number;
  readonly containerAddress: string;
  readonly containerPort: number;
}

/** What a `docker-proxy` says in its command line, which everyone may read: Docker's socket would be root by another name. */
export function publishedBy(pid: number, argv: readonly string[]): PublishedPort | undefined {
  if (programOf(argv).name !== "docker-proxy" || optionOf(argv, "-proto") !== "tcp") return undefined;
  const hostPort = portIn(optionOf(argv, "-host-port"));
  const containerPort = portIn(optionOf(argv, "-container-port"));
  const containerAddress = optionOf(argv, "-container-ip");
  if (hostPort === undefined || containerPort === undefined || containerAddress === undefined) return undefined;
  return { pid, hostAddress: optionOf(argv, "-host-ip") ?? "0.0.0.0", hostPort, containerAddress, containerPort };
}

/** The IPv4 addresses that the network namespace of a process has, loopback left out. */
export async function addressesOf(proc: Proc, pid: number): Promise<ReadonlySet<string>> {
  const trie = (await proc.text(String(pid), "net", "fib_trie")) ?? "";
  const local = trie.matchAll(/\|-- (\d+\.\d+\.\d+\.\d+)\n\s+\/32 host LOCAL/g);
  return new Set([...local].map(([, address = ""]) => address).filter((address) => !address.startsWith("127.")));
}
