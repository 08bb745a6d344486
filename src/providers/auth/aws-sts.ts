/** AWS STS: temporary credentials of a role, by a token of the cluster or by other credentials. */

import { excerpt } from '../http/json.ts';
import type { HttpClient } from '../http/types.ts';
import { MeasurementFault, urlOf } from '../measured.ts';
import { parseTime } from '../../lang/time.ts';
import { signV4 } from './sigv4.ts';
import type { AwsCredentials } from './sigv4.ts';

export interface StsCall {
  readonly roleArn: string;
  readonly sessionName: string;
  /** A token of an identity provider, or credentials that may take the role. */
  readonly by: { readonly webIdentityToken: string } | { readonly credentials: AwsCredentials };
  readonly region: string;
  /** Replaces the public address. */
  readonly endpoint?: string | undefined;
  readonly now: number;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 10_000;

/** Throws `MeasurementFault` where STS says no, `HttpFailure` where it says nothing. */
export async function assumeRole(http: HttpClient, call: StsCall): Promise<AwsCredentials> {
  const { by, region, endpoint } = call;
  const byToken = 'webIdentityToken' in by;
  const body = new URLSearchParams({
    Action: byToken ? 'AssumeRoleWithWebIdentity' : 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: call.roleArn,
    RoleSessionName: call.sessionName,
    ...(byToken ? { WebIdentityToken: by.webIdentityToken } : {}),
  }).toString();
  const url = urlOf(endpoint ?? `https://sts.${region}.${domainOf(region)}/`, 'STS endpoint');
  const plain = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
  const headers = byToken
    ? plain
    : signV4({
        method: 'POST',
        url,
        headers: plain,
        body,
        service: 'sts',
        region,
        credentials: by.credentials,
        now: call.now,
      });
  const response = await http.request({
    method: 'POST',
    url: url.href,
    headers,
    body,
    timeoutMs: TIMEOUT_MS,
    unguarded: true,
    signal: call.signal,
  });
  return read(response.status, response.body, call.roleArn);
}

/** Of the partition that a region belongs to. */
export const domainOf = (region: string): string =>
  region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';

/** STS answers in XML with one value for each element, so that no parser is needed. */
function read(status: number, body: string, roleArn: string): AwsCredentials {
  const element = (name: string): string | undefined =>
    new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1]?.trim();
  const [accessKeyId, secretAccessKey, sessionToken] = [
    element('AccessKeyId'),
    element('SecretAccessKey'),
    element('SessionToken'),
  ].map((text) => (text === undefined ? undefined : unescapeXml(text)));
  if (status === 200 && accessKeyId && secretAccessKey && sessionToken)
    return { accessKeyId, secretAccessKey, sessionToken, expiresAt: parseTime(element('Expiration')) };
  const code = element('Code');
  const said =
    code === undefined ? excerpt(status === 200 ? '' : body) : `${code}: ${element('Message') ?? ''}`;
  throw new MeasurementFault(
    `AWS STS gave no credentials for role ${roleArn}: ${status} ${unescapeXml(said)}`,
  );
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const unescapeXml = (text: string): string =>
  text.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? '');
