/**
 * How FFmpeg is installed on a system: one table for error messages and for the set-up script.
 *
 * @module
 */
import type { SystemName } from "./contract.ts";

/** The package managers by the `ID` and `ID_LIKE` words of Linux's os-release file. */
const linuxCommands: Readonly<Record<string, string>> = {
  debian: "apt-get install -y ffmpeg",
  ubuntu: "apt-get install -y ffmpeg",
  fedora: "dnf install -y ffmpeg-free",
  rhel: "dnf install -y ffmpeg-free",
  suse: "zypper install -y ffmpeg",
  opensuse: "zypper install -y ffmpeg",
  arch: "pacman -S --noconfirm ffmpeg",
  alpine: "apk add ffmpeg",
  gentoo: "emerge media-video/ffmpeg",
  void: "xbps-install -y ffmpeg",
  nixos: "nix-env -iA nixos.ffmpeg",
};

/** The words of `ID` and `ID_LIKE` in an os-release file, most specific first. */
export function distributionWords(osRelease: string): string[] {
  const words: string[] = [];
  for (const key of ["ID", "ID_LIKE"]) {
    const value = osRelease.match(new RegExp(`^${key}=(.*)$`, "m"))?.[1];
    if (value !== undefined) words.push(...value.replaceAll(/["']/g, "").split(/\s+/));
  }
  return words;
}

/**
 * The command that installs FFmpeg's libraries, or `null` on a Linux system that is not known.
 *
 * `osRelease` is the text of `/etc/os-release`, where there is one.
 */
export function installCommand(system: SystemName, osRelease?: string): string | null {
  switch (system) {
    case "darwin":
      return "brew install ffmpeg";
    case "windows":
      return "winget install --id Gyan.FFmpeg.Shared";
    case "linux": {
      const known = distributionWords(osRelease ?? "").find((word) => Object.hasOwn(linuxCommands, word));
      return known === undefined ? null : linuxCommands[known]!;
    }
  }
}

/** A sentence that tells how to install FFmpeg's libraries on a system. */
export function installHint(system: SystemName, osRelease?: string): string {
  const command = installCommand(system, osRelease);
  if (command !== null) return `Install FFmpeg's libraries: ${command}`;
  return "Install FFmpeg's shared libraries with your system's package manager: " +
    "apt-get install ffmpeg (Debian, Ubuntu), dnf install ffmpeg-free (Fedora), pacman -S ffmpeg (Arch), apk add ffmpeg (Alpine)";
}
