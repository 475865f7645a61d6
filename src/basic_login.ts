/**
 * A user and a password, as addresses have them and HTTP takes them (RFC 7617).
 *
 * @module
 */

/** A part of an address without its escapes; as it is where they are none. */
export function decodedPart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The value of the header `Authorization`. */
export function basicLogin(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${decodedPart(username)}:${decodedPart(password)}`);
  return `Basic ${bytes.toBase64()}`;
}

/** An address without a user and a password, which go into a header. */
export function withoutUser(
  address: URL,
): { readonly url: URL; readonly authorization: Readonly<Record<string, string>> } {
  const { username, password } = address;
  if (username === "" && password === "") return { url: address, authorization: {} };
  const url = new URL(address);
  url.username = url.password = "";
  return { url, authorization: { authorization: basicLogin(username, password) } };
}
