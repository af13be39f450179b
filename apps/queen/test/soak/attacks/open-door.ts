import { once } from "node:events";
import { connect as connectTls } from "node:tls";
import { type Attack, pick } from "./attack.ts";
import { ask, exchange, rawRequest, wrongIn } from "./client.ts";

const OTHER_NAMES = ["attacker:8982", "ai", "evil.example", "evil%2eexample", "0x7f000001", "2130706433", ""];
const READING = ["/v1/hives", "/v1/counts", "/v1/events", "/metrics", "/v1/hives/silent-0/ssh-host-key"];
const HEADERS = [
  "content-security-policy",
  "x-content-type-options",
  "referrer-policy",
  "cross-origin-resource-policy",
];

/** Names that others can point at this machine, and two of which the first is good. */
export const otherNames: Attack = async (context) => {
  const { random } = context;
  const name = pick(random, OTHER_NAMES);
  const hosts = random.next() < 0.3 ? ["localhost", name || "ai"] : [name];
  const lines = [...hosts.map((host) => `Host: ${host}`), `Origin: https://${name}`, "Connection: close"];
  const hive = JSON.stringify({ id: `rebound-${random.integer(2 ** 30)}`, host: "127.0.0.1", port: 9 });
  const [method, path, body] = pick(random, [
    ["GET", "/v1/hives", ""],
    ["POST", "/v1/hives", hive],
    ["DELETE", "/v1/hives/silent-0?force=true", ""],
  ] as const);
  const answer = await exchange(context, { text: rawRequest(method, path, lines, body), isEncrypted: true });
  return wrongIn(`${method} ${path} to the host ${JSON.stringify(hosts.join(", "))}`, [answer], [400, 403]);
};

/** What a page of another site has a browser read. */
export const crossSite: Attack = async (context) => {
  const path = pick(context.random, READING);
  const headers = { "sec-fetch-site": pick(context.random, ["cross-site", "same-site"]) };
  const answer = await ask(context, { queen: "open", path, headers, isHeadEnough: true });
  return wrongIn(`a ${headers["sec-fetch-site"]} GET ${path}`, [answer], [403]);
};

/** The pages in a frame. */
export const framed: Attack = async (context) => {
  const path = pick(context.random, ["/docs", "/openapi.json", "/v1/hives", "/nothing-here", "/health"]);
  const { headers } = await ask(context, { queen: "open", path });
  const missing = HEADERS.filter((name) => headers[name] === undefined);
  const isFramed = !`${headers["content-security-policy"]}`.includes("frame-ancestors 'none'");
  return [
    ...missing.map((name) => `${path} has no ${name}`),
    ...(isFramed && missing.length === 0 ? [`${path} may be framed`] : []),
  ];
};

/** A certificate that has expired: callers who look see it, and so does whoever watches the queen. */
export const expired: Attack = async (context) => {
  const socket = connectTls({ host: "127.0.0.1", port: context.victims.openPort, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  socket.destroy();
  const { text } = await ask(context, { queen: "open", path: "/metrics" });
  return /^queen_tls_certificate_expiry_seconds -?[\d.e+]+$/m.test(text)
    ? []
    : ["the metrics do not tell when the certificate expires"];
};

/** Plain HTTP to the port of TLS. */
export const plainToTls: Attack = async (context) => {
  const text = rawRequest("GET", pick(context.random, ["/", "/v1/hives"]), ["Host: localhost"]);
  const answer = await exchange(context, { text, isEncrypted: false });
  return wrongIn("plain HTTP to TLS", [answer], [400]);
};
