/**
 * How a user and a password are told to HTTP and RTSP servers.
 *
 * @module
 */
import { basicLogin, decodedPart } from "../../../basic_login.ts";
import { md5 } from "./md5.ts";

/** A request that a server answers only after a login. */
export interface LoginRequest {
  readonly method: string;
  /** The address in the request. */
  readonly target: string;
  readonly username: string;
  readonly password: string;
}

/**
 * The header line that answers the head of a refusal, as libavformat does; `null` where the server asks for
 * no login, or one of another kind.
 */
export function loginLine(refusal: string, request: LoginRequest): string | null {
  const { username, password } = request;
  const challenge = /^www-authenticate: *digest +(.*)$/im.exec(refusal)?.[1];
  if (challenge !== undefined) return digestLine(challenge, request);
  return /^www-authenticate: *basic/im.test(refusal) ? basicLine(username, password) : null;
}

/** A user and a password as HTTP takes them, as a header line. */
export function basicLine(username: string, password: string): string {
  return `Authorization: ${basicLogin(username, password)}`;
}

/** RFC 2617, with MD5: what libavformat knows. */
function digestLine(challenge: string, request: LoginRequest): string | null {
  const given = (name: string): string | undefined => {
    const found = new RegExp(`(?:^|[, ])${name}=(?:"([^"]*)"|([^", ]+))`, "i").exec(challenge);
    return found?.[1] ?? found?.[2];
  };
  const { method, target } = request;
  const [username, password] = [decodedPart(request.username), decodedPart(request.password)];
  const realm = given("realm") ?? "", nonce = given("nonce") ?? "";
  const algorithm = given("algorithm"), opaque = given("opaque");
  const hasQuality = given("qop")?.split(/, */).includes("auth") === true;
  if (algorithm !== undefined && !/^md5$/i.test(algorithm)) return null;
  const count = "00000001", clientNonce = crypto.getRandomValues(new Uint8Array(8)).toHex();
  const middle = hasQuality ? `${nonce}:${count}:${clientNonce}:auth` : nonce;
  const response = md5(`${md5(`${username}:${realm}:${password}`)}:${middle}:${md5(`${method}:${target}`)}`);
  const fields = [
    `username="${username}", realm="${realm}", nonce="${nonce}", uri="${target}", response="${response}"`,
    ...(algorithm === undefined ? [] : [`algorithm=${algorithm}`]),
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    ...(hasQuality ? [`qop=auth, cnonce="${clientNonce}", nc=${count}`] : []),
  ];
  return `Authorization: Digest ${fields.join(", ")}`;
}
