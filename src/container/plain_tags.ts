/**
 * The tags of a file that are about what is in it.
 *
 * @module
 */

/** Tags that say how a file was written, not what it is. */
const technicalTags =
  /^(?:major_brand|minor_version|compatible_brands|encoder|duration|bps|number_of_\w+|_statistics_\w+)(?:-\w+)?$/i;

/** Tags without those that say how a file was written. */
export function plainTags(tags: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !technicalTags.test(key)));
}
