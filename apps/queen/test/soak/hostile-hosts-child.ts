/** Hosts of the catalog that answer what they should not, as other machines would. Its argument is a seed. */
import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { setPriority } from "node:os";
import { Random } from "../../sim/random.ts";
import { ODD_TEXT } from "./attacks/texts.ts";
import { LOW_PRIORITY, tellSoak } from "./children.ts";

export interface HostilePorts {
  /** Of hosts that answer too much. */
  hosts: number[];
  /** Of hosts that answer characters which no terminal should see. */
  odd: number[];
  /** Of an sshd that says nothing. */
  silentSsh: number;
  /** Of one that is only asked for its keys, on some connections at once. */
  silentScan: number;
}

const HOSTS = 8;
const ODD_HOSTS = 2;
const TRICKLE_MS = 200;

const random = new Random(Number(process.argv[2] ?? 1));
const tell = tellSoak<HostilePorts>();
setPriority(LOW_PRIORITY);

type Answer = (response: ServerResponse) => void;

const json = (value: unknown): Answer => {
  return (response) => response.end(JSON.stringify(value));
};
const emptyGpus = (count: number): Answer => json({ cpu: null, gpus: Array.from({ length: count }, () => ({})) });

/** A piece now and then, for as long as anybody reads. */
const trickle: Answer = (response) => {
  response.write("{");
  const timer = setInterval(() => response.write(" "), TRICKLE_MS);
  response.once("close", () => clearInterval(timer));
};
const breakOff: Answer = (response) => {
  response.write('{"cpu":null,"gp', () => response.destroy());
};

const DEVICES: (() => Answer)[] = [
  () => emptyGpus(random.integer(340_000)),
  () => emptyGpus(random.integer(1024) + 1),
  () => (response) => response.end("[".repeat(random.integer(1_000_000))),
  () => (response) => response.end(" ".repeat(random.integer(1_000_000))),
  () => trickle,
  () => breakOff,
];
const HEALTH: (() => Answer)[] = [
  () => json({}),
  () => (response) => response.end(`{"id":${"[".repeat(random.integer(1_000_000))}`),
  () => json({ id: "x".repeat(1000) }),
];

const oneOf = (answers: readonly (() => Answer)[]): Answer => answers[random.integer(answers.length)]?.() ?? breakOff;

/** Most are well, so that they are asked for their devices. */
const tooMuch: RequestListener = ({ url }, response) => {
  const isHealth = url !== "/v1/devices";
  (isHealth ? (random.next() < 0.8 ? json({}) : oneOf(HEALTH)) : oneOf(DEVICES))(response);
};
const odd: RequestListener = ({ url }, response) => {
  if (url === "/v1/devices" || random.next() < 0.5) return json({ id: ODD_TEXT })(response);
  response.destroy();
};

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const newSilentServer = () => createTcpServer((socket) => void socket.resume().on("error", () => undefined));

const listening = (count: number, listener: RequestListener) =>
  Promise.all(Array.from({ length: count }, () => listen(createServer(listener))));
tell({
  hosts: await listening(HOSTS, tooMuch),
  odd: await listening(ODD_HOSTS, odd),
  silentSsh: await listen(newSilentServer()),
  silentScan: await listen(newSilentServer()),
});
