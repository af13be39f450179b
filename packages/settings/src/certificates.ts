import { X509Certificate } from "node:crypto";
import { readSettingFile } from "./setting-file.ts";

const BEGINS = /(?=-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----)/;

/** Reads the certificates in PEM that a setting names. OpenSSL takes none from the first on that it cannot read, and says nothing: this throws an Error. */
export function readCertificates(path: string): string {
  const text = readSettingFile(path).toString();
  const certificates = text.split(BEGINS).filter((part) => BEGINS.test(part));
  if (certificates.length === 0) throw new Error("has no certificate in PEM");
  for (const [position, certificate] of certificates.entries()) {
    if (!isCertificate(certificate))
      throw new Error(`certificate ${position + 1} of the ${certificates.length} in it cannot be read`);
  }
  return text;
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
