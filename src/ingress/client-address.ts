/** IPv4 as a socket for both kinds tells it. */
const MAPPED = /^::ffff:(?=[\d.]+$)/i;

/**
 * The address that a limit counts by: Cloudflare's word on it, which a client cannot forge there. IPv6 by its /64,
 * the least that one customer has. Without Cloudflare everybody is one address.
 */
export function readClientAddress(headers: Headers): string {
  const address = (headers.get("cf-connecting-ip") ?? "unknown").replace(MAPPED, "");
  if (!address.includes(":")) return address;
  const [left = "", right = ""] = address.toLowerCase().split("::");
  const groups = left.split(":").filter((group) => group !== "");
  const missing = 8 - groups.length - right.split(":").filter((group) => group !== "").length;
  const whole = [...groups, ...Array.from({ length: Math.max(0, missing) }, () => "0")];
  return `${whole.slice(0, 4).join(":")}::/64`;
}
