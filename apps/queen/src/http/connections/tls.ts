import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { readSettingFile } from "@repo/settings";
import { reasonOf, SettingError } from "../../process/errors.ts";
import type { Tls } from "./servers.ts";

interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

const SETTINGS: Record<keyof TlsFiles, string> = {
  cert: "--tls-cert (QUEEN_TLS_CERT)",
  key: "--tls-key (QUEEN_TLS_KEY)",
};

/** Reads a certificate and its key; throws SettingError for what cannot be used. */
export function readTls(files: TlsFiles): Tls {
  const [cert, key] = [read(files, "cert"), read(files, "key")];
  check(files, "cert", { cert });
  check(files, "key", { key });
  check(files, "key", { cert, key });
  checkPair(files, { cert, key });
  return { cert, key };
}

function read(files: TlsFiles, name: keyof TlsFiles): Buffer {
  try {
    return readSettingFile(files[name]);
  } catch (error) {
    throw unusable(files, name, error);
  }
}

function check(files: TlsFiles, name: keyof TlsFiles, tls: Partial<Tls>): void {
  try {
    createSecureContext(tls);
  } catch (error) {
    throw unusable(files, name, error);
  }
}

/** OpenSSL takes a key of another kind than the certificate's beside it, as if one more certificate was to come, and then fails each handshake. */
function checkPair(files: TlsFiles, { cert, key }: Tls): void {
  if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return;
  throw unusable(files, "key", new Error(`is not the key of the certificate in ${files.cert}`));
}

function unusable(files: TlsFiles, name: keyof TlsFiles, cause: unknown): SettingError {
  return new SettingError(`${SETTINGS[name]} cannot be used: ${files[name]}: ${reasonOf(cause)}`, { cause });
}
