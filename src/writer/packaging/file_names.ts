/**
 * The names of the files of a stream in segments.
 *
 * @module
 */

/**
 * What the names of a manifest's files begin with. Streams that share a folder have files of their own, also
 * where their names differ by the extension.
 */
export function filePrefix(manifest: string): string {
  return manifest.replace(/\.m3u8$/, "");
}

/** Whether two manifests in one folder are one, or one of them is a file of the other's stream. */
export function areOneStream(one: string, other: string): boolean {
  const [first, second] = [filePrefix(one), filePrefix(other)];
  return first === second || isPlaylistOf(first, second) || isPlaylistOf(second, first);
}

/** Whether a name is that of the playlist of a rendition. */
function isPlaylistOf(name: string, prefix: string): boolean {
  return name.startsWith(`${prefix}-`) && /^(?:video|audio)\d*$/.test(name.slice(prefix.length + 1));
}
