import { expect, test } from "vitest";
import { recorded } from "../../test/stub-server.ts";
import { samplesOf, sumOf } from "./prometheus.ts";

test("reads the samples that are asked for from a page of llama.cpp", () => {
  const page = String(recorded("llamacpp-metrics-busy").body);
  const name = "llamacpp:requests_processing";
  expect(samplesOf(page, [name])).toEqual([{ name, labels: {}, value: 2 }]);
  expect(sumOf(samplesOf(page, ["llamacpp:requests_deferred"]))).toBe(1);
});

test("reads labels with commas, spaces, braces and quotes in them, and times behind the value", () => {
  const page = 'a{model_name="x, y} \\"z\\" \\\\ \\n",engine="0",} 3.0 1795877530000\na{engine="1"} 4e0\n';
  expect(samplesOf(page, ["a"])).toEqual([
    { name: "a", labels: { model_name: 'x, y} "z" \\ \n', engine: "0" }, value: 3 },
    { name: "a", labels: { engine: "1" }, value: 4 },
  ]);
});

test("passes over what is no sample of that name, and what is no number", () => {
  const page = "# HELP a text\na_total 1\na NaN\na +Inf\na\na{ 1\nab 2\n";
  expect(samplesOf(page, ["a"])).toEqual([]);
  expect(sumOf([])).toBeUndefined();
});
