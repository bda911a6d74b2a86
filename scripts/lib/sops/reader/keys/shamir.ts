/**
 * Puts a secret together from its shares, each with its x coordinate as the last byte (sops v3.13.3 shamir/shamir.go Combine,
 * which comes from HashiCorp Vault): the value at 0 of the polynomial through the shares, byte by byte, over GF(2^8).
 * @param parts two or more, as many as were opened, which may be more than needed
 * @returns `undefined` where sops refuses them: too few, of different lengths, or one of them twice
 */
export function combineShares(parts: readonly Buffer[]): Buffer | undefined {
  const length = parts[0]?.length ?? 0
  const xs = parts.map((part) => part.at(-1) ?? 0)
  if (parts.length < 2 || length < 2 || parts.some((part) => part.length !== length)) return undefined
  if (new Set(xs).size < xs.length) return undefined
  // the value at 0 of the polynomial that is 1 at one x and 0 at the others
  const weights = xs.map((x, index) =>
    xs.reduce(
      (product, other, at) =>
        at === index ? product : multiply(product, multiply(other, inverse(x ^ other))),
      1,
    ),
  )
  const secret = Buffer.alloc(length - 1)
  for (const [index, part] of parts.entries())
    for (let at = 0; at < secret.length; at++) secret[at]! ^= multiply(part[at]!, weights[index]!)
  return secret
}

/** In the field of AES, modulo x^8 + x^4 + x^3 + x + 1. */
function multiply(a: number, b: number): number {
  let product = 0
  for (let bit = 7; bit >= 0; bit--) {
    product = ((product << 1) & 0xff) ^ (product & 0x80 ? 0x1b : 0)
    if ((b >> bit) & 1) product ^= a
  }
  return product
}

/** a^254, because a^255 is 1 for all but 0. */
function inverse(a: number): number {
  let result = 1
  for (let index = 0; index < 254; index++) result = multiply(result, a)
  return result
}
