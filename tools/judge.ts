/**
 * The ffprobe that judges what tests have written: that of npm, where it is no older than the system's.
 *
 * The system's loads its libraries with all that they depend on at each start, and tests start it thousands
 * of times. The other one is a single file.
 *
 * @module
 */

/** The folder in which it is called `ffprobe`, from the repository's. */
export const judgeFolder = "tests/programs";

/** Its package, on the one system that it is for; none elsewhere. */
export const judgePackages: Readonly<Record<string, string>> =
  Deno.build.os === "linux" && Deno.build.arch === "x86_64"
    ? { "@ffprobe-installer/linux-x64": "5.2.0" }
    : {};

/** The program itself. */
export const judgeProgram = `${judgeFolder}/node_modules/@ffprobe-installer/linux-x64/ffprobe`;

/** The version of a program's libavformat as one number; `null` where the program does not start. */
async function formatVersion(program: string): Promise<number | null> {
  const command = new Deno.Command(program, { args: ["-version"], stdout: "piped", stderr: "null" });
  const output = await command.output().catch(() => null);
  if (output === null || !output.success) return null;
  const found = /^libavformat +(\d+)\. *(\d+)\. *(\d+)/m.exec(new TextDecoder().decode(output.stdout));
  if (found === null) return null;
  const [major, minor, micro] = found.slice(1).map(Number);
  return (major! * 1000 + minor!) * 1000 + micro!;
}

/** What tests find in their environment, so that they start it; nothing where the system's judges. */
export async function judgeVariables(): Promise<Record<string, string>> {
  const [own, system] = await Promise.all([
    formatVersion(`${judgeFolder}/ffprobe`),
    formatVersion("ffprobe"),
  ]);
  if (own === null || (system !== null && own < system)) return {};
  return { PATH: `${Deno.realPathSync(judgeFolder)}:${Deno.env.get("PATH") ?? ""}` };
}
