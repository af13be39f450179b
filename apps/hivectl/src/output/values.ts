import { printable } from "@repo/process-log/printable";
import { Document, isScalar, visit } from "yaml";

/** JSON over several lines; what steers a terminal is escaped in it. */
export const jsonText = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).split("\n").map(printable).join("\n")}\n`;

/** YAML, with texts in quotes where something in them must be escaped. */
export function yamlText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, (_key, node) => {
    if (isScalar(node) && typeof node.value === "string" && printable(node.value) !== node.value) {
      node.type = "QUOTE_DOUBLE";
    }
  });
  return document.toString({ lineWidth: 0 }).split("\n").map(printable).join("\n");
}
