import { expect, test } from "vitest";
import { AllowedHosts } from "./allowed-hosts.ts";

const METADATA_SPELLINGS = [
  "169.254.169.254",
  "169.254.0.1",
  "::ffff:169.254.169.254",
  "::ffff:a9fe:a9fe",
  "0:0:0:0:0:ffff:a9fe:a9fe",
  "0:0:0:0:0:0:a9fe:a9fe",
  "0000:0000::FFFF:169.254.169.254",
  "::169.254.169.254",
  "::a9fe:a9fe",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b::169.254.169.254",
  "64:ff9b::6464:64c8",
  "64:ff9b:1::a9fe:a9fe",
  "64:ff9b:1:2:3:4:168.63.129.16",
  "64:ff9b:1:a9fe:a9:fe00::",
  "64:ff9b:1:aaa9:fe:a9fe::",
  "64:ff9b:1:aaaa:a9:fea9:fe00::",
  "2002:a9fe:a9fe::1",
  "2002:A9FE:1:2:3:4:5:6",
  "2002:c000:c0::",
  "::ffff:0:169.254.169.254",
  "::ffff:0:a9fe:a9fe",
  "2001:db8::5efe:169.254.169.254",
  "fe80::1%eth0",
  "::ffff:169.254.169.254%1",
  "fe80::1",
  "febf::1",
  "fd00:ec2::254",
  "fd00:ec2::23",
  "fd00:42::42",
  "FD00:0042:0:0::0042",
  "fd20:ce::254",
  "100.100.100.200",
  "168.63.129.16",
];

test.each(METADATA_SPELLINGS)("never allows %s, not even when everything or its network is listed", (address) => {
  expect(AllowedHosts.everywhere().allows(address, address)).toBe(false);
  const generous = AllowedHosts.parse("0.0.0.0/0,::/0,169.254.0.0/16,metadata.internal");
  expect(generous.allows(address, address)).toBe(false);
  expect(generous.allows("metadata.internal", address)).toBe(false);
});

test.each([
  "10.0.1.100",
  "127.0.0.1",
  "192.168.1.1",
  "8.8.8.8",
  "::1",
  "2001:db8::1",
  "fd00:42::1",
  "fd00:ec3::1",
  "169.253.255.255",
  "fec0::1",
  "64:ff9b::808:808",
  "64:ff9b:1::a00:1",
  "2002:a00:1::a9fe:a9fe",
  "64:ff9a::a9fe:a9fe",
])("allows %s by default", (address) => expect(AllowedHosts.everywhere().allows(address, address)).toBe(true));

test("allows the listed networks and addresses alone", () => {
  const hosts = AllowedHosts.parse("127.0.0.0/8, ::1 ,10.1.2.3,2001:db8::/32");
  for (const address of [
    "127.0.0.1",
    "127.255.0.9",
    "::1",
    "10.1.2.3",
    "2001:db8:1::5",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
  ]) {
    expect(hosts.allows(address, address), address).toBe(true);
  }
  for (const address of [
    "128.0.0.1",
    "10.1.2.4",
    "::2",
    "2001:db9::1",
    "::ffff:10.0.0.1",
    "0.0.0.0",
    "not-an-address",
  ]) {
    expect(hosts.allows(address, address), address).toBe(false);
  }
});

test("allows whatever address a listed name has, in any case of the name", () => {
  const hosts = AllowedHosts.parse("gpu.example.com");
  expect(hosts.allows("GPU.example.com", "10.9.9.9")).toBe(true);
  expect(hosts.allows("other.example.com", "10.9.9.9")).toBe(false);
});

test("judges a name only by the addresses that it resolves to", () => {
  const hosts = AllowedHosts.parse("127.0.0.0/8");
  expect(hosts.refuses("10.0.1.100")).toBe(true);
  expect(hosts.refuses("127.0.0.1")).toBe(false);
  expect(hosts.refuses("gpu.example.com")).toBe(false);
  expect(hosts.allows("gpu.example.com", "127.0.0.5")).toBe(true);
});

test.each(["", "a b", "h:80", "evil/path", "user@host", "x#", "a..b", "[10.0.0.1]", "256.1.1.1", "a\nb"])(
  "refuses %j, which is no host, even where everything is allowed",
  (host) => expect(AllowedHosts.everywhere().refuses(host)).toBe(true),
);

test("knows an address however it is written", () => {
  const hosts = AllowedHosts.parse("127.0.0.0/8,::1");
  for (const host of ["[::1]", "127.1", "0x7f000001", "１２７.0.0.1"]) expect(hosts.refuses(host), host).toBe(false);
  for (const host of ["[fe80::1%eth0]", "10.1", "0xa9fea9fe", "[::2]"]) expect(hosts.refuses(host), host).toBe(true);
});

test.each([
  "1.2.3.4/33",
  "::1/129",
  "http://a",
  "",
  "10.0.0.0/8,",
  "10.0.0.0/8/8",
  "10.0.0.0/x",
  "a b",
  "fe80::1%eth0",
])("refuses the list %j and names the wrong entry", (text) => {
  const wrong = text.split(",").at(-1);
  expect(() => AllowedHosts.parse(text)).toThrow(`not ${JSON.stringify(wrong)}`);
});

test("a name is listed as hives have it: with underscores, and with the dot of the root or without", () => {
  const listed = AllowedHosts.parse("gpu_box_1., GPU-02.example.");
  for (const name of ["gpu_box_1", "gpu-02.example"]) expect(listed.allows(name, "10.0.0.1")).toBe(true);
  expect(() => AllowedHosts.parse("gpu..")).toThrow('"gpu.."');
});
