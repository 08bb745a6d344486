/** Shared files of the AWS tools: profiles in `~/.aws/credentials` and `~/.aws/config`. */

export type Profile = Readonly<Record<string, string>>;

/** Profiles by name. In a config file all but `default` are written as `[profile name]`; other sections are left out. */
export function parseProfiles(text: string, isConfig: boolean): Map<string, Profile> {
  const profiles = new Map<string, Record<string, string>>();
  let current: Record<string, string> | undefined;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const section = /^\[\s*(.*?)\s*\]/.exec(line)?.[1];
    if (section !== undefined) {
      const name = nameOf(section, isConfig);
      current = name === undefined ? undefined : (profiles.get(name) ?? {});
      if (name !== undefined && current !== undefined) profiles.set(name, current);
      continue;
    }
    // Indented lines are nested settings, for services that nobody asks here.
    if (current === undefined || /^\s/.test(raw)) continue;
    const equals = line.indexOf('=');
    if (equals > 0)
      current[line.slice(0, equals).trim().toLowerCase()] = line
        .slice(equals + 1)
        .replace(/\s[#;].*$/, '')
        .trim();
  }
  return profiles;
}

function nameOf(section: string, isConfig: boolean): string | undefined {
  if (!isConfig || section === 'default') return section;
  return /^profile\s+["']?(.*?)["']?$/.exec(section)?.[1];
}

/** The credentials file goes before the config file, key by key. */
export function mergeProfiles(
  config: ReadonlyMap<string, Profile>,
  credentials: ReadonlyMap<string, Profile>,
): Map<string, Profile> {
  const names = new Set([...config.keys(), ...credentials.keys()]);
  return new Map([...names].map((name) => [name, { ...config.get(name), ...credentials.get(name) }]));
}
