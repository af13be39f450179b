import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../../process/clock.ts";
import { addressBlock } from "../../reach/addresses.ts";
import type { Arrivals } from "./arrivals.ts";
import { oneAtATime } from "./one-at-a-time.ts";
import { SecureResponse } from "./security-headers.ts";

/** A certificate chain and its key, in PEM. */
export interface Tls {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How long a caller may take; who is slower is cut off. All in milliseconds. */
export interface Timeouts {
  /** From the opening of a connection, or the first byte of a later request, to the end of its headers. */
  headersMs: number;
  /** For the whole of a request to arrive. */
  requestMs: number;
  /** Without a byte either way while a request runs: an answer that nobody reads. */
  silenceMs: number;
  /** Between two requests on one connection. */
  keepAliveMs: number;
  /** How often the first two are looked at. */
  checkMs: number;
}

export const TIMEOUTS: Timeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  silenceMs: 60_000,
  keepAliveMs: 72_000,
  checkMs: 1000,
};
const WARN_EVERY_MS = 60_000;

export interface ConnectionLimits {
  readonly maxConnections: number;
  /** Of those from one address over which no request was let in yet. */
  readonly maxConnectionsPerAddress: number;
}

export interface ServersOptions {
  clock: Clock;
  log: FastifyBaseLogger;
  /** Without it, plain HTTP. */
  tls?: Tls | undefined;
  timeouts?: Timeouts | undefined;
  limits: ConnectionLimits;
  /** Told of each connection that is let in. */
  arrivals: Pick<Arrivals, "add">;
}

/** Makes the HTTP servers of the queen, one for each address that `localhost` stands for, and knows all their connections. */
export class Servers {
  readonly #options: ServersOptions;
  readonly #servers = new Set<Server>();
  readonly #connections = new Set<Socket>();
  readonly #proven = new WeakSet<Socket>();
  /** The addresses of the connections that have proven nothing yet, by their other end. */
  readonly #unproven = new Map<string, string>();
  readonly #unprovenByAddress = new Map<string, number>();
  readonly #others: Server[] = [];
  #handler: RequestListener | undefined;
  #tls: Tls | undefined;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ServersOptions) {
    this.#options = options;
    this.#tls = options.tls;
  }

  /** One more server. */
  create(handler: RequestListener): Server {
    this.#handler = handler;
    const serve = oneAtATime(handler);
    const { timeouts = TIMEOUTS, limits } = this.#options;
    const options = {
      headersTimeout: timeouts.headersMs,
      requestTimeout: timeouts.requestMs,
      keepAliveTimeout: timeouts.keepAliveMs,
      connectionsCheckingInterval: timeouts.checkMs,
      ServerResponse: SecureResponse,
    };
    const server = this.#tls
      ? createTlsServer({ ...options, ...this.#tls, handshakeTimeout: timeouts.headersMs }, serve)
      : createServer(options, serve);
    server.setTimeout(timeouts.silenceMs);
    server.maxConnections = limits.maxConnections;
    server.on("connection", (socket: Socket) => this.#watch(socket));
    server.on("drop", ({ remoteAddress }) =>
      this.#warn(remoteAddress, `there are ${limits.maxConnections} (--max-connections)`),
    );
    this.#servers.add(server);
    return server;
  }

  /** Listens on these addresses too, where they can be had: `localhost` has two, and fastify's own server has one. */
  async listenAlso(hosts: readonly string[], port: number): Promise<void> {
    for (const host of hosts) {
      if (this.#handler === undefined) return;
      const server = this.create(this.#handler).listen({ host, port });
      const isListening = await once(server, "listening").then(
        () => true,
        () => this.#servers.delete(server) && false,
      );
      if (isListening) this.#others.push(server);
    }
  }

  /** Lets no more connections in at those addresses; resolves when those that are there have ended. */
  async closeOthers(): Promise<void> {
    await Promise.all(this.#others.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  /** For the connections to come; those that are there go on as they are. Throws an Error for what cannot be used, and changes nothing. */
  setCertificate(tls: Tls): void {
    for (const server of this.#servers) if (server instanceof TlsServer) server.setSecureContext(tls);
    this.#tls = tls;
  }

  /** A request over this connection was let in. */
  prove(socket: Socket): void {
    if (this.#proven.has(socket)) return;
    this.#proven.add(socket);
    this.#release(peerOf(socket));
  }

  /**
   * A connection whose request was running when its server closed stays open after the answer until someone ends it. One on which nothing
   * was ever sent does not count as idle for Node.
   */
  endIdleConnections(): void {
    for (const server of this.#servers) server.closeIdleConnections();
    for (const socket of this.#connections) if (socket.bytesRead === 0) socket.destroy();
  }

  closeAllConnections(): void {
    for (const server of this.#servers) server.closeAllConnections();
  }

  #watch(socket: Socket): void {
    const { maxConnectionsPerAddress } = this.#options.limits;
    const address = addressBlock(socket.remoteAddress);
    const peer = peerOf(socket);
    const count = this.#unprovenByAddress.get(address) ?? 0;
    if (count >= maxConnectionsPerAddress) {
      socket.destroy();
      this.#warn(address, `${count} from there did nothing yet (--max-connections-per-address)`);
      return;
    }
    this.#options.arrivals.add();
    this.#unprovenByAddress.set(address, count + 1);
    this.#unproven.set(peer, address);
    this.#connections.add(socket);
    socket.once("close", () => {
      this.#connections.delete(socket);
      this.#release(peer);
    });
  }

  /** The socket of a request over TLS is another than that of its connection; both have the same other end. */
  #release(peer: string): void {
    const address = this.#unproven.get(peer);
    if (address === undefined) return;
    this.#unproven.delete(peer);
    const count = this.#unprovenByAddress.get(address) ?? 0;
    if (count > 1) this.#unprovenByAddress.set(address, count - 1);
    else this.#unprovenByAddress.delete(address);
  }

  #warn(address: string | undefined, why: string): void {
    const nowMs = this.#options.clock.monotonicNow();
    if (nowMs - this.#warnedAtMs < WARN_EVERY_MS) return;
    this.#warnedAtMs = nowMs;
    this.#options.log.warn({ address }, `a connection was refused, and perhaps more within the minute: ${why}`);
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}|${remotePort}`;
