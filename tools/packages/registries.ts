/**
 * A JSR registry and an npm registry on loopback, with this package alone.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { jsrNpmName, readConfiguration } from "./build.ts";

/** The folders of the package's forms. */
export interface PackedForms {
  readonly jsr: string;
  readonly jsrNpm: string;
  readonly npm: string;
}

/** The registries at work. Afterwards, nothing answers any more. */
export interface Registries extends AsyncDisposable {
  /** The address of the JSR registry. */
  readonly jsrUrl: string;
  /** The address of the npm registry. */
  readonly npmUrl: string;
  /** Whether they answer: `false` plays an offline machine. */
  isOnline: boolean;
}

/** All files below a folder, by their paths in it. */
async function filesIn(folder: string, below = ""): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for await (const { name, isDirectory } of Deno.readDir(`${folder}${below}`)) {
    const path = `${below}/${name}`;
    if (!isDirectory) files.set(path, await Deno.readFile(`${folder}${path}`));
    else for (const [inner, bytes] of await filesIn(folder, path)) files.set(inner, bytes);
  }
  return files;
}

interface Answer {
  readonly type: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
}

type Answers = Map<string, Answer>;

const json = (content: unknown): Answer => ({ type: "application/json", body: JSON.stringify(content) });

/** What a JSR registry answers. */
async function jsrAnswers(folder: string): Promise<Answers> {
  const { name, version, exports } = await readConfiguration();
  const [scope, short] = name.slice(1).split("/");
  const files = await filesIn(folder);
  const manifest = Object.fromEntries(
    [...files].map(([path, bytes]) => {
      const checksum = `sha256-${createHash("sha256").update(bytes).digest("hex")}`;
      return [path, { size: bytes.length, checksum }];
    }),
  );
  const answers: Answers = new Map([
    [`/${name}/meta.json`, json({ scope, name: short, latest: version, versions: { [version]: {} } })],
    [`/${name}/${version}_meta.json`, json({ manifest, exports })],
  ]);
  for (const [path, body] of files) {
    const type = path.endsWith(".ts") ? "text/typescript" : "text/plain";
    answers.set(`/${name}/${version}${path}`, { type, body });
  }
  return answers;
}

/** What an npm registry answers for a package in a folder. */
async function npmAnswers(folder: string, url: string): Promise<Answers> {
  const description = JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
  const { name, version } = description;
  const parent = await Deno.makeTempDir();
  try {
    // Tarballs of npm have all in a folder of this name.
    await Deno.symlink(folder, `${parent}/package`);
    const { success, stdout } = await new Deno.Command("tar", {
      args: ["--create", "--gzip", "--dereference", "--directory", parent, "package"],
    }).output();
    if (!success) throw new Error("tar failed");
    const path = `/tarballs/${name.replaceAll("/", "-")}-${version}.tgz`;
    const integrity = `sha512-${createHash("sha512").update(stdout).digest("base64")}`;
    const dist = { tarball: `${url}${path}`, integrity };
    const packument = {
      name,
      "dist-tags": { latest: version },
      versions: { [version]: { ...description, dist } },
    };
    return new Map<string, Answer>([
      [`/${name}`, json(packument)],
      [path, { type: "application/octet-stream", body: new Uint8Array(stdout) }],
    ]);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/** Starts both. */
export async function startRegistries({ jsr, jsrNpm, npm }: PackedForms): Promise<Registries> {
  const answers: Answers = new Map();
  let isOnline = true;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const answer = answers.get(decodeURIComponent(new URL(request.url).pathname));
    if (!isOnline) return new Response("offline", { status: 503 });
    if (answer === undefined) return new Response("not found", { status: 404 });
    return new Response(answer.body, { headers: { "content-type": answer.type } });
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const all = [await jsrAnswers(jsr), await npmAnswers(jsrNpm, url), await npmAnswers(npm, url)];
  for (const [path, answer] of all.flatMap((some) => [...some])) answers.set(path, answer);
  return {
    jsrUrl: `${url}/`,
    npmUrl: `${url}/`,
    get isOnline() {
      return isOnline;
    },
    set isOnline(value) {
      isOnline = value;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The scopes whose packages the npm registry has. */
export async function npmScopes(): Promise<string[]> {
  const { name } = await readConfiguration();
  return [name, jsrNpmName(name)].map((full) => full.split("/")[0]!);
}
