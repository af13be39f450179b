import { printable } from "@repo/process-log/printable";

/** JSON over several lines; what steers a terminal is escaped in it. */
export const jsonText = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).split("\n").map(printable).join("\n")}\n`;

/** YAML, with texts in quotes where something in them must be escaped. What makes it takes a while to load, and most calls need none. */
export async function yamlText(value: unknown): Promise<string> {
  const { Document, isScalar, visit } = await import("yaml");
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, (_key, node) => {
    if (isScalar(node) && typeof node.value === "string" && printable(node.value) !== node.value) {
      node.type = "QUOTE_DOUBLE";
    }
  });
  return document.toString({ lineWidth: 0 }).split("\n").map(printable).join("\n");
}
