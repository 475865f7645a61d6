/**
 * Options that cases leave alone, because what they ask for is not a matter of video. Data only.
 *
 * @module
 */

/** Names of options, with the reason. */
export const leftAlone: Readonly<Record<string, string>> = {
  reserve_index_space: "writes as many bytes as it says, up to 2 GB",
  moov_size: "reserves as many bytes as it says, up to 2 GB",
  muxrate: "fills the file up to that rate, with gigabytes of nothing",
  metadata_header_padding: "writes as many bytes as it says, up to 2 GB",
  protocol_whitelist: "lifts avwriter's own limit",
  stats: "names a file",
  passlogfile: "names a file",
  dump_extra: "names a file",
  flags2: "leaves the stream out (noout)",
  bf: "libxvid allocates as many pictures as it says",
};
