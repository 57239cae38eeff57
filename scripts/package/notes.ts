// The notes of a release: what CHANGELOG.md says of it.

/** The section of a version; that of what is not released yet if it has none. @throws {Error} without both. */
export function releaseNotes(changelog: string, version: string): string {
  const sections = changelog.split(/^(?=## )/m).filter((section) => section.startsWith("## "));
  const heading = (section: string) => section.slice(3, section.indexOf("\n"));
  const found = sections.find((section) => heading(section).includes(version)) ??
    sections.find((section) => /unreleased/i.test(heading(section)));
  if (found === undefined) throw new Error(`CHANGELOG.md says nothing of ${version}.`);
  return `# Pollen ${version}\n${found.slice(found.indexOf("\n"))}`;
}
