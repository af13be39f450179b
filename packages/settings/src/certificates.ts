import { X509Certificate } from "node:crypto";
import { readSettingFile } from "./setting-file.ts";

/** Where one begins: on a line of its own, or right behind the end of another, as where files were put together that end without a newline. Elsewhere it is quoted. */
const BEGINS = /(?<=^|-----)(?=[ \t]*-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----)/m;

/**
 * Reads the certificates in PEM that a setting names, each on lines of its own. OpenSSL takes none from the first on that it cannot read, and says
 * nothing: this throws an Error.
 */
export function readCertificates(path: string): string {
  const text = readSettingFile(path)
    .toString()
    .replace(/^\uFEFF/, "");
  const certificates = text.split(BEGINS).filter((part) => BEGINS.test(part));
  if (certificates.length === 0) throw new Error("has no certificate in PEM");
  for (const [position, certificate] of certificates.entries()) {
    if (!isCertificate(certificate))
      throw new Error(`certificate ${position + 1} of the ${certificates.length} in it cannot be read`);
  }
  return certificates.join("\n");
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
