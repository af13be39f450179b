import type { Environment } from "./setting.ts";

const HOST = "_SERVICE_HOST";
/** What Kubernetes hands to each container for a Service, behind the name of that. */
const LINK = /^_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT_\d+_[A-Z]+(?:_(?:PROTO|PORT|ADDR))?)$/;
const LINK_TO_PORT = /^(?:tcp|udp|sctp):\/\//;

/**
 * Variables that begin with `prefix`, without what Kubernetes makes of a Service that is called as the program is: of `queen`, in all containers beside it,
 * QUEEN_PORT=tcp://10.0.0.1:8500, QUEEN_SERVICE_HOST and more.
 */
export function withoutServiceLinks(env: Environment, prefix: string): Environment {
  const ours = Object.entries(env).filter(([name]) => name.startsWith(prefix));
  const services = ours.filter(([name]) => name.endsWith(HOST)).map(([name]) => name.slice(0, -HOST.length));
  const isLink = ([name, value = ""]: [string, string | undefined]) =>
    services.some((service) => {
      const rest = name.startsWith(service) ? name.slice(service.length) : "";
      return LINK.test(rest) || (rest === "_PORT" && LINK_TO_PORT.test(value));
    });
  return Object.fromEntries(ours.filter((variable) => !isLink(variable)));
}
