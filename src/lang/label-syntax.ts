/** What Kubernetes allows as label keys, label values and DNS subdomains, with its error texts. Pure. */

const LABEL_KEY = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${LABEL_KEY})?`;
const DNS_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS_SUBDOMAIN = `${DNS_LABEL}(\\.${DNS_LABEL})*`;

const labelKey = new RegExp(`^${LABEL_KEY}$`);
const dnsSubdomain = new RegExp(`^${DNS_SUBDOMAIN}$`);

const NAME_RULE = `must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${LABEL_KEY}')`;
const VALUE_RULE = `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '${LABEL_VALUE}')`;
const SUBDOMAIN_RULE = `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${DNS_SUBDOMAIN}')`;

const tooLong = (limit: number): string => `must be no more than ${limit} bytes`;
const encoder = new TextEncoder();
/** No character of UTF-16 takes more than three bytes, so that most texts need not be encoded. */
const exceeds = (text: string, bytes: number): boolean =>
  text.length > bytes || (text.length * 3 > bytes && encoder.encode(text).length > bytes);

/** Empty where `key` is a valid label key (`name` or `prefix/name`). */
export function labelKeyErrors(key: string): string[] {
  const parts = key.split('/');
  const name = parts[parts.length - 1] as string;
  if (parts.length > 2) {
    return [
      `a valid label key ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const errors: string[] = [];
  if (parts.length === 2) {
    if (parts[0] === '') errors.push('prefix part must be non-empty');
    else errors.push(...dnsSubdomainErrors(parts[0] as string).map((error) => `prefix part ${error}`));
  }
  if (name === '') errors.push('name part must be non-empty');
  else if (exceeds(name, 63)) errors.push(`name part ${tooLong(63)}`);
  if (!labelKey.test(name)) errors.push(`name part ${NAME_RULE}`);
  return errors;
}

/** Empty where `value` is a valid label value. */
export function labelValueErrors(value: string): string[] {
  const errors: string[] = [];
  if (exceeds(value, 63)) errors.push(tooLong(63));
  if (value !== '' && !labelKey.test(value)) errors.push(VALUE_RULE);
  return errors;
}

/** Empty where `name` is a valid DNS subdomain, which most objects need as their name. */
export function dnsSubdomainErrors(name: string): string[] {
  const errors: string[] = [];
  if (exceeds(name, 253)) errors.push('must be no more than 253 characters');
  if (!dnsSubdomain.test(name)) errors.push(SUBDOMAIN_RULE);
  return errors;
}
