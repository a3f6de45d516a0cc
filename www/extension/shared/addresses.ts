/**
 * Which addresses the background may fetch from. A page must not use the extension, which may have
 * more rights than the page, to reach what is behind the visitor's router.
 */

/**
 * Networks that are not on the public internet (IANA special-purpose registries), as address and
 * prefix length.
 */
const PRIVATE_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
];

/**
 * Names that mean this machine or this network: RFC 6761, RFC 6762, RFC 8375, and what routers hand
 * out.
 */
const PRIVATE_NAMES = /(^|\.)(localhost|local|internal|intranet|private|lan|home|corp|home\.arpa)$/;

/** Why an address is not fetched from. */
export type Refusal = 'scheme' | 'private';

/**
 * @param address - what is to be fetched
 * @param page - the page that shows the image: what it can reach on its own host, the extension may
 *   read as well
 */
export function refusal(address: URL, page: URL | undefined): Refusal | undefined {
  if (address.protocol !== 'http:' && address.protocol !== 'https:') return 'scheme';
  if (page?.hostname === address.hostname) return undefined;
  return isPrivate(address.hostname) ? 'private' : undefined;
}

/**
 * Whether a host, as URL.hostname writes it, is this machine or on a network of its own. Names are
 * not resolved.
 */
export function isPrivate(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, '');
  if (host.startsWith('[')) return isPrivateV6(host.slice(1, -1));
  const v4 = parseV4(host);
  if (v4 !== undefined) return isPrivateV4(v4);
  // A name without a dot is looked up in the local network first.
  return !host.includes('.') || PRIVATE_NAMES.test(host);
}

function parseV4(host: string): number | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host)?.slice(1).map(Number);
  return parts?.reduce((value, part) => value * 256 + part, 0);
}

function isPrivateV4(value: number): boolean {
  return PRIVATE_V4.some(([network, prefix]) => {
    const size = 2 ** (32 - prefix);
    return Math.floor(value / size) === Math.floor((parseV4(network) ?? 0) / size);
  });
}

function isPrivateV6(host: string): boolean {
  const words = parseV6(host);
  if (words === undefined) return true;
  const [first = 0, second = 0] = words;
  const v4 = (at: number): boolean => isPrivateV4((words[at] ?? 0) * 65536 + (words[at + 1] ?? 0));
  // Addresses that carry an IPv4 one: mapped and compatible, NAT64 (64:ff9b::/96), 6to4
  // (2002::/16).
  if (words.slice(0, 5).every((word) => word === 0) && (words[5] === 0 || words[5] === 0xffff))
    return v4(6);
  if (first === 0x64 && second === 0xff9b) return v4(6);
  if (first === 0x2002) return v4(1);
  // All public unicast addresses lie in 2000::/3.
  return first >> 13 !== 1;
}

function parseV6(host: string): number[] | undefined {
  const [head = '', tail] = host.split('::', 2);
  const words = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((word) => parseInt(word, 16));
  const before = words(head);
  const after = tail === undefined ? [] : words(tail);
  const missing = 8 - before.length - after.length;
  if (missing < 0 || (tail === undefined && missing !== 0)) return undefined;
  return [...before, ...Array.from({ length: missing }, () => 0), ...after];
}

/**
 * The match pattern of an address's host, as permissions are asked for and given. Ports cannot be
 * told apart.
 */
export function originPattern({ protocol, hostname }: URL): string {
  return `${protocol}//${hostname}/*`;
}

/** An address; undefined where the text is not one. */
export function parse(address: string | undefined): URL | undefined {
  return address !== undefined && URL.canParse(address) ? new URL(address) : undefined;
}
