import { X509Certificate } from "node:crypto";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../../process/clock.ts";
import type { Metrics } from "../../telling/metrics.ts";
import type { Servers, Tls } from "./servers.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Who renews by machine does so sooner, and who does it by hand has the time to. */
const WARN_BEFORE_MS = 14 * DAY_MS;
const PEM = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs;

interface Options {
  clock: Clock;
  log: FastifyBaseLogger;
  metrics: Pick<Metrics, "certificateExpiry">;
  servers: Servers;
  /** With which she starts. */
  tls?: Tls | undefined;
  /** What its files say by now; throws where they cannot be used. */
  rereadTls?: (() => Tls) | undefined;
}

/**
 * Warns when the queen's certificate has expired or soon will: at once when it is taken up, then once a day. Once an hour it takes up another one from
 * its files: who renews certificates by machine does not always tell her.
 */
export class CertificateWatch {
  readonly #options: Options;
  #shown: Tls | undefined;
  #first: { subject: string; expiresAtMs: number } | undefined;
  readonly #timers: readonly NodeJS.Timeout[];

  constructor(options: Options) {
    this.#options = options;
    if (options.tls) this.#watch(options.tls);
    options.metrics.certificateExpiry.read = () => this.#first && this.#first.expiresAtMs / 1000;
    this.#timers = [
      setInterval(() => this.#renew(), HOUR_MS).unref(),
      setInterval(() => this.#warnIfDue(), DAY_MS).unref(),
    ];
  }

  /** Has callers shown another one from now on. Throws an Error for what cannot be used, and changes nothing. */
  take(tls: Tls): void {
    this.#options.servers.setCertificate(tls);
    this.#watch(tls);
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  #watch(tls: Tls): void {
    this.#shown = tls;
    this.#first = firstToExpire(tls.cert.toString());
    this.#warnIfDue();
  }

  #renew(): void {
    const { rereadTls, log } = this.#options;
    let tls: Tls | undefined;
    try {
      tls = rereadTls?.();
    } catch {
      // Half written, perhaps: what is there in an hour counts, and a SIGHUP says what is wrong with it.
    }
    if (tls === undefined || this.#shown?.cert.equals(tls.cert)) return;
    this.take(tls);
    log.info("another certificate was found in its file, and taken up");
  }

  #warnIfDue(): void {
    if (this.#first === undefined) return;
    const { subject, expiresAtMs } = this.#first;
    const leftMs = expiresAtMs - this.#options.clock.now();
    if (leftMs > WARN_BEFORE_MS) return;
    const what =
      leftMs > 0
        ? `the TLS certificate expires in ${Math.floor(leftMs / DAY_MS)} days: renew it, and send SIGHUP`
        : "the TLS certificate has expired, hives and callers refuse it: renew it, and send SIGHUP";
    this.#options.log.warn({ subject, expires_at: new Date(expiresAtMs).toISOString() }, what);
  }
}

/** Of a certificate and its chain: a caller that needs any one of them that has expired refuses all. */
function firstToExpire(pem: string): { subject: string; expiresAtMs: number } | undefined {
  return (pem.match(PEM) ?? [])
    .map((text) => new X509Certificate(text))
    .map(({ subject, validTo }) => ({ subject: subject.replaceAll("\n", ", "), expiresAtMs: Date.parse(validTo) }))
    .toSorted((a, b) => a.expiresAtMs - b.expiresAtMs)[0];
}
