/**
 * Builds the documentation's site into `out/site`: the pages of docs/ with VitePress, and the API reference
 * with `deno doc`.
 *
 *     deno task docs                  builds it
 *     deno task docs --serve [PORT]   builds it and serves it on this machine
 *
 * `DOCS_BASE` is the path under which a server has it, such as `/avwriter/`; default `/`. VitePress fails on
 * links between pages that lead nowhere; the links of the built pages are checked after that, those into the
 * API reference among them.
 *
 * @module
 */
import { dirname, extname, join } from "node:path";

const site = "out/site";
const mediaTypes: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

async function mustRun(program: string, args: readonly string[]): Promise<void> {
  const command = new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  });
  const { success } = await command.output();
  if (!success) throw new Error(`${program} ${args.slice(0, 3).join(" ")} failed`);
}

function htmlFiles(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    return isDirectory ? htmlFiles(path) : name.endsWith(".html") ? [path] : [];
  });
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Where a link of a built page leads, as files that may be there. */
function filesOf(page: string, target: string, base: string): string[] {
  const path = decodeURI(target.split(/[#?]/)[0]!);
  const file = path.startsWith("/") ? join(site, path.slice(base.length)) : join(dirname(page), path);
  return [file, `${file}.html`, join(file, "index.html")];
}

/** Links and pictures of the built pages that lead to no file. */
function deadLinks(base: string): string[] {
  return htmlFiles(site).flatMap((page) => {
    const html = Deno.readTextFileSync(page);
    return [...html.matchAll(/<(?:a|img|link|script)\b[^>]*?\s(?:href|src)="([^"]*)"/g)]
      .map(([, target]) => target!.replaceAll("&#x2F;", "/").replaceAll("&amp;", "&"))
      .filter((target) => target !== "" && !/^(?:[a-z]+:|#|\/\/)/i.test(target))
      .filter((target) => !filesOf(page, target, base).some(isFile))
      .map((target) => `${page}: ${target}`);
  });
}

function serve(port: number): void {
  Deno.serve({ hostname: "127.0.0.1", port }, async ({ url }) => {
    const file = filesOf(`${site}/index.html`, new URL(url).pathname, "/").find(isFile);
    if (file === undefined) return new Response("There is no such page", { status: 404 });
    const type = mediaTypes[extname(file)] ?? "application/octet-stream";
    return new Response(await Deno.readFile(file), { headers: { "content-type": type } });
  });
}

/** Builds the API reference. deno doc knows only files, and would have people import from ".". */
async function buildApi(): Promise<void> {
  await mustRun(Deno.execPath(), [
    "doc",
    "--quiet",
    "--html",
    "--name=avwriter",
    `--output=${site}/api`,
    "mod.ts",
  ]);
  const { name } = JSON.parse(await Deno.readTextFile("deno.json"));
  for (const page of htmlFiles(`${site}/api`)) {
    const html = await Deno.readTextFile(page);
    await Deno.writeTextFile(page, html.replaceAll("from &quot;.&quot;", `from &quot;${name}&quot;`));
  }
}

async function main([option, port]: readonly string[]): Promise<number> {
  Deno.chdir(new URL("../..", import.meta.url));
  const base = Deno.env.get("DOCS_BASE") ?? "/";
  await mustRun("node", ["docs/node_modules/vitepress/bin/vitepress.js", "build", "docs"]);
  await buildApi();
  const dead = deadLinks(base);
  for (const link of dead) console.log(`dead link: ${link}`);
  console.log(`${site}: ${htmlFiles(site).length} pages, ${dead.length} dead links`);
  if (dead.length > 0) return 1;
  if (option === "--serve") serve(Number(port ?? 8000));
  return 0;
}

if (import.meta.main) {
  const code = await main(Deno.args);
  if (code !== 0) Deno.exit(code);
}
