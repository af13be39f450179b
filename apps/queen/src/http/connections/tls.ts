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
  const cert = used(files, "cert", () => readSettingFile(files.cert));
  const key = used(files, "key", () => readSettingFile(files.key));
  used(files, "cert", () => createSecureContext({ cert }));
  used(files, "key", () => createSecureContext({ key }));
  used(files, "key", () => checkPair(files, { cert, key }));
  return { cert, key };
}

/** OpenSSL takes a key of another kind than the certificate's beside it, as if one more certificate was to come, and then fails each handshake. */
function checkPair(files: TlsFiles, { cert, key }: Tls): void {
  if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) return;
  throw new Error(`is not the key of the certificate in ${files.cert}`);
}

function used<Value>(files: TlsFiles, name: keyof TlsFiles, use: () => Value): Value {
  try {
    return use();
  } catch (cause) {
    throw new SettingError(`${SETTINGS[name]} cannot be used: ${files[name]}: ${reasonOf(cause)}`, { cause });
  }
}
