/**
 * Takes secrets out of addresses and out of texts that mention them: stream keys, passwords, tokens.
 *
 * An address is shown with what is known to be harmless; what is not known is hidden. It is better to hide
 * too much than too little.
 *
 * @module
 */

/** What stands in a secret's place. */
const hidden = "***";

/** The shortest secret that is looked for without its address: shorter ones are parts of ordinary words. */
const shortestSecret = 4;

/** Parameters of addresses that hold no secret, by FFmpeg's protocols. */
const harmless: ReadonlySet<string> = new Set([
  ...[
    "mode",
    "latency",
    "rcvlatency",
    "peerlatency",
    "transtype",
    "connect_timeout",
    "timeout",
    "rw_timeout",
  ],
  ...["listen", "listen_timeout", "pkt_size", "payload_size", "buffer_size", "fifo_size", "overrun_nonfatal"],
  ...[
    "ttl",
    "localport",
    "localrtpport",
    "localrtcpport",
    "rtcpport",
    "reuse",
    "broadcast",
    "recv_buffer_size",
  ],
  ...[
    "send_buffer_size",
    "tcp_nodelay",
    "pbkeylen",
    "maxbw",
    "inputbw",
    "oheadbw",
    "mss",
    "ffs",
    "ipttl",
    "iptos",
  ],
  ...[
    "linger",
    "lossmaxttl",
    "nakreport",
    "tlpktdrop",
    "transport",
    "tcp",
    "udp",
    "dscp",
    "bitrate",
    "burst_bits",
  ],
]);

/** Names of what is secret, as whole names or as the last part of longer ones: `stream_key`, `authToken`. */
const secretName = new RegExp(
  "(?:^|[^a-z])(?:password|passwd|pwd|passphrase|token|jwt|secret|credentials?|signature|sig|auth|key|apikey|" +
    "streamkey|authorization|bearer|cookies?|headers?|playpath|streamid|pubpasswd|srtp_\\w+_params|post_data|rtmp_conn)$",
  "i",
);

/** An address in a text, up to a blank. Schemes are short: long words are not searched again and again. */
const addressInText = /[a-z][a-z0-9+.-]{0,30}:\/\/\S+/gi;
/** The punctuation that follows an address in a text, and is no part of it. */
const punctuation = "\"'`<>()[]:,;.!?";

/** `name=value` and `name: value` in a text. */
const assignmentInText =
  /\b([a-z][\w-]{0,40})(\s*=\s*|\s*:\s+)("[^"]*"|'[^']*'|(?:(?:bearer|basic|digest)\s+)?[^\s&,;'"]+)/gi;

/** Whether a name says that its value is secret. */
function isSecretName(name: string): boolean {
  return secretName.test(name.replaceAll(/([a-z])([A-Z])/g, "$1_$2"));
}

/** The parts of an address, as FFmpeg divides it. None is decoded. */
interface AddressParts {
  readonly scheme: string;
  /** What stands before the `@`: a user and a password; `null` where there is none. */
  readonly user: string | null;
  readonly host: string;
  readonly path: string;
  readonly query: string | null;
  readonly fragment: string | null;
}

function partsOf(address: string): AddressParts | null {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(address) ?? [];
  if (scheme === undefined || rest === undefined) return null;
  const authorityEnd = rest.search(/[/?#]|$/);
  let userEnd = rest.lastIndexOf("@", authorityEnd);
  // A password with a slash in it, which should have been written in percents.
  const isPort = /^(?:\[[^\]]*\]|[^:]*)(?::\d*)?$/.test(rest.slice(0, authorityEnd));
  if (userEnd < 0 && !isPort) userEnd = rest.lastIndexOf("@");
  const [, host = "", path = "", query, fragment] =
    /^([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(rest.slice(userEnd + 1)) ?? [];
  const user = userEnd < 0 ? null : rest.slice(0, userEnd);
  return { scheme, user, host, path, query: query ?? null, fragment: fragment ?? null };
}

/** A part of an address, of which some pieces are secret. */
interface Pieces {
  readonly shown: string;
  readonly secrets: readonly string[];
}

function hide(secret: string): Pieces {
  return secret === "" ? { shown: "", secrets: [] } : { shown: hidden, secrets: [secret] };
}

/**
 * The path: of RTMP, and where a writer sends to, all behind the first part, which is the name of the
 * application; of others, what has a name.
 */
function hidePath({ scheme, path }: AddressParts, isTarget: boolean): Pieces {
  if (isTarget || /rtmp\w*$/i.test(scheme)) {
    const [, app = "", rest = ""] = /^(\/[^/]*\/?)(.*)$/s.exec(path) ?? [];
    const key = hide(rest);
    return { shown: app + key.shown, secrets: [...key.secrets, ...rest.split("/")] };
  }
  const secrets: string[] = [];
  const shown = path.replaceAll(/([a-z]\w{0,40})=([^/&;]*)/gi, (_whole, name: string, value: string) => {
    secrets.push(value);
    return `${name}=${hidden}`;
  });
  return { shown, secrets };
}

function hideQuery(query: string): Pieces {
  const secrets: string[] = [];
  const shown = query.replaceAll(/[^&;]+/g, (parameter) => {
    const at = parameter.indexOf("=");
    const value = parameter.slice(at + 1);
    const name = parameter.slice(0, Math.max(at, 0));
    if (harmless.has(name.toLowerCase()) && /^[\w.-]*$/.test(value)) return parameter;
    secrets.push(value);
    return at < 0 ? hidden : `${name}=${hidden}`;
  });
  return { shown, secrets };
}

/** An address, and what is secret in it; `null` for what is none. */
function hideAddress(address: string, isTarget = false): Pieces | null {
  const parts = partsOf(address);
  if (parts === null) return null;
  const user = hide(parts.user ?? "");
  const path = hidePath(parts, isTarget);
  const query = hideQuery(parts.query ?? "");
  const fragment = hide(parts.fragment ?? "");
  const shown = [
    ...[parts.scheme, "://", user.shown, parts.user === null ? "" : "@", parts.host, path.shown],
    ...[parts.query === null ? "" : `?${query.shown}`, parts.fragment === null ? "" : `#${fragment.shown}`],
  ].join("");
  const values = fragment.secrets.flatMap((text) =>
    text.split("&").flatMap((item) => [item, item.replace(/^[^=]*=/, "")])
  );
  // A user's name alone is a word like others.
  const password = parts.user?.includes(":") ? [parts.user.slice(parts.user.indexOf(":") + 1)] : [];
  return { shown, secrets: [...user.secrets, ...password, ...path.secrets, ...query.secrets, ...values] };
}

/** A text, and what is secret in it. */
function hideText(text: string): Pieces {
  const secrets: string[] = [];
  const shown = text.replaceAll(addressInText, (found) => {
    let end = found.length;
    while (punctuation.includes(found[end - 1]!)) end--;
    const pieces = hideAddress(found.slice(0, end));
    // The punctuation may be a secret's.
    secrets.push(...pieces?.secrets ?? [], ...hideAddress(found)?.secrets ?? []);
    return `${pieces?.shown ?? found.slice(0, end)}${found.slice(end)}`;
  }).replaceAll(assignmentInText, (whole, name: string, between: string, value: string) => {
    if (!isSecretName(name)) return whole;
    secrets.push(value);
    return `${name}${between}${hidden}`;
  });
  return { shown, secrets };
}

/**
 * An address without its secrets: user and password, the key of an RTMP stream, values of parameters, SRT's
 * passphrase and stream id among them. Host, application and names of parameters stay. What is no address
 * comes back as it is.
 */
export function redactAddress(address: string): string {
  return hideAddress(address)?.shown ?? address;
}

/** The same of an address that a writer sends to: of a longer path, the first part stays. */
export function redactTarget(address: string): string {
  return hideAddress(address, true)?.shown ?? address;
}

/** A text without the secrets of the addresses in it, and without the values of names such as `password`. */
export function redactText(text: string): string {
  return hideText(text).shown;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Takes the secrets of a command line out of it, and out of what is said about it. */
export class Redactor {
  readonly #secrets: readonly string[];
  /** The arguments, as they may be shown. */
  readonly shown: readonly string[];

  /** For the arguments of FFmpeg's program, or for an address that a writer sends to. */
  constructor(args: readonly string[], target: string | null = null) {
    const secrets = new Set<string>();
    const ofTarget = target === null ? null : hideAddress(target, true);
    for (const secret of ofTarget?.secrets ?? []) secrets.add(secret).add(decoded(secret));
    this.shown = args.map((argument, index) => {
      const [, option = ""] = /^-([^:]*)/.exec(args[index - 1] ?? "") ?? [];
      const pieces = isSecretName(option) ? hide(argument) : hideText(argument);
      for (const secret of pieces.secrets) secrets.add(secret).add(decoded(secret));
      return pieces.shown;
    });
    // A longer one may contain a shorter one.
    this.#secrets = [...secrets].filter((secret) => secret.length >= shortestSecret && secret !== hidden)
      .sort((one, other) => other.length - one.length);
  }

  /** A text without the secrets of the command line, and without those of other addresses in it. */
  redact(text: string): string {
    return redactText(this.#secrets.reduce((rest, secret) => rest.replaceAll(secret, hidden), text));
  }
}
