/** What Kubernetes allows as names of containers, ports, keys and the like, with its texts. Pure. */

import { dnsSubdomainErrors, labelKeyErrors } from '../../../lang/label-syntax.ts';

const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const MAX_PORT = 65535;
const MAX_ID = 2147483647;

const dnsLabel = new RegExp(`^${DNS_LABEL}$`);
const configKey = new RegExp(`^${CONFIG_KEY}$`);

const tooLong = (limit: number): string => `must be no more than ${limit} characters`;

/** The name of a container or a volume, a host name. */
export function dnsLabelErrors(name: string): string[] {
  const errors: string[] = [];
  if (name.length > 63) errors.push(tooLong(63));
  if (!dnsLabel.test(name)) {
    errors.push(
      `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${DNS_LABEL}')`,
    );
  }
  return errors;
}

/** A key of an annotation, which older texts call a qualified name. */
export function qualifiedNameErrors(name: string): string[] {
  return labelKeyErrors(name).map((text) => text.replace(/^a valid label key must/, 'a qualified name must'));
}

/** The name of a Secret, ConfigMap, ServiceAccount, PriorityClass. */
export const objectNameErrors = dnsSubdomainErrors;

export function portNameErrors(name: string): string[] {
  const errors: string[] = [];
  if (name.length > 15) errors.push(tooLong(15));
  if (!/^[-a-z0-9]+$/.test(name)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(name)) errors.push('must contain at least one letter (a-z)');
  if (name.includes('--')) errors.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

export function portNumberErrors(port: number): string[] {
  return port >= 1 && port <= MAX_PORT ? [] : [`must be between 1 and ${MAX_PORT}, inclusive`];
}

/** A user or group. */
export function idErrors(id: number): string[] {
  return id >= 0 && id <= MAX_ID ? [] : [`must be between 0 and ${MAX_ID}, inclusive`];
}

/** Any printable ASCII but `=`, as API servers have it since 1.34. */
export function envNameErrors(name: string): string[] {
  return /^[ -<>-~]+$/.test(name)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or a Secret. */
export function configKeyErrors(key: string): string[] {
  const errors: string[] = [];
  if (key.length > 253) errors.push(tooLong(253));
  if (!configKey.test(key)) {
    errors.push(
      `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '${CONFIG_KEY}')`,
    );
  }
  if (key === '.') errors.push("must not be '.'");
  if (key === '..') errors.push("must not be '..'");
  else if (key.startsWith('..')) errors.push("must not start with '..'");
  return errors;
}
