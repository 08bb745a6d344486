import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PrometheusMetric } from '../../src/api/metric-provider.ts';
import { AwsChain } from '../../src/providers/auth/aws-chain.ts';
import type { AwsConfig } from '../../src/providers/auth/aws-chain.ts';
import { parseProfiles } from '../../src/providers/auth/aws-files.ts';
import { signV4 } from '../../src/providers/auth/sigv4.ts';
import { HttpFailure } from '../../src/providers/http/types.ts';
import type { HttpRequest, HttpResponse } from '../../src/providers/http/types.ts';
import { MeasurementFault } from '../../src/providers/measured.ts';
import { answering, contextOf, measure, messageOf, NOW, ScriptedHttp, valueOf } from './support.ts';

/** Of the published test suite of Signature Version 4. */
const SUITE = {
  credentials: {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  },
  now: Date.UTC(2015, 7, 30, 12, 36),
  region: 'us-east-1',
};

describe('signature version 4: published vectors', () => {
  const rows: [string, string, string, string, Record<string, string>, string, string][] = [
    [
      'get-vanilla',
      'GET',
      'https://example.amazonaws.com/',
      'service',
      {},
      '',
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    ],
    [
      'get-vanilla-query-order-key-case',
      'GET',
      'https://example.amazonaws.com/?Param2=value2&Param1=value1',
      'service',
      {},
      '',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'post-vanilla',
      'POST',
      'https://example.amazonaws.com/',
      'service',
      {},
      '',
      '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    ],
    [
      'post-x-www-form-urlencoded',
      'POST',
      'https://example.amazonaws.com/',
      'service',
      { 'content-type': 'application/x-www-form-urlencoded' },
      'Param1=value1',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
    [
      'the example of IAM',
      'GET',
      'https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08',
      'iam',
      { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
      '',
      '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
    ],
  ];
  for (const [name, method, url, service, headers, body, signature] of rows)
    it(name, () => {
      const signed = signV4({ ...SUITE, method, url: new URL(url), service, headers, body });
      const names = Object.keys({ ...headers, host: '', 'x-amz-date': '' })
        .sort()
        .join(';');
      assert.equal(signed['x-amz-date'], '20150830T123600Z');
      assert.equal(
        signed['authorization'],
        `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/${service}/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
      );
    });
});

describe('signature version 4', () => {
  const sign = (url: string, headers: Record<string, string> = {}, sessionToken?: string): string =>
    signV4({
      ...SUITE,
      method: 'GET',
      url: new URL(url),
      service: 'aps',
      headers,
      body: '',
      credentials: { ...SUITE.credentials, sessionToken },
    })['authorization'] ?? '';

  it('spaces are the same however they are written; order of parameters does not count', () => {
    assert.equal(sign('https://a/?b=1+2&a=x'), sign('https://a/?a=x&b=1%202'));
    assert.notEqual(sign('https://a/?b=12'), sign('https://a/?b=1+2'));
  });

  it('signs the session token, and no header that a proxy may change', () => {
    assert.match(
      sign('https://a/', { accept: 'x', 'user-agent': 'y' }, 'tok'),
      /SignedHeaders=host;x-amz-date;x-amz-security-token,/,
    );
  });
});

describe('AWS profiles', () => {
  it('are read from both kinds of files', () => {
    const text =
      '# c\n[default]\nregion = eu-west-1 # here\n[profile a b]\nrole_arn=r\n  nested = x\n[sso-session z]\nk=v\n[broken\nk2\n';
    assert.deepEqual(Object.fromEntries(parseProfiles(text, true)), {
      default: { region: 'eu-west-1' },
      'a b': { role_arn: 'r' },
    });
    assert.deepEqual(Object.fromEntries(parseProfiles('[x]\nAWS_ACCESS_KEY_ID = 1\n', false)), {
      x: { aws_access_key_id: '1' },
    });
  });
});

const STS_ANSWER = (name: string, expiresInMs = 3_600_000) =>
  `<R><Credentials><AccessKeyId>${name}</AccessKeyId><SecretAccessKey>s/&amp;</SecretAccessKey><SessionToken>t</SessionToken>` +
  `<Expiration>${new Date(NOW + expiresInMs).toISOString()}</Expiration></Credentials></R>`;

describe('AWS credentials', () => {
  const identityOf = (
    given: {
      env?: Record<string, string>;
      files?: Record<string, string>;
      config?: AwsConfig;
      answer?: (request: HttpRequest) => Partial<HttpResponse>;
    } = {},
  ) => {
    const http = new ScriptedHttp(given.answer ?? (() => assert.fail('nobody is to be asked')));
    const context = contextOf({
      http,
      env: { HOME: '/h', AWS_REGION: 'eu-west-1', ...given.env },
      readFile: (path) => Promise.resolve(given.files?.[path]),
    });
    const chain = new AwsChain(context);
    const ask = () => chain.identity(given.config ?? {}, new AbortController().signal);
    return { http, ask };
  };
  const KEYS = { AWS_ACCESS_KEY_ID: 'env', AWS_SECRET_ACCESS_KEY: 's' };

  it('environment', async () => {
    const { credentials, region } = await identityOf({ env: { ...KEYS, AWS_SESSION_TOKEN: 't' } }).ask();
    assert.deepEqual(credentials, { accessKeyId: 'env', secretAccessKey: 's', sessionToken: 't' });
    assert.equal(region, 'eu-west-1');
  });

  it('a role by the token of the cluster, once for many, and again before it ends', async () => {
    let life = 3_600_000;
    const { http, ask } = identityOf({
      env: {
        AWS_WEB_IDENTITY_TOKEN_FILE: '/token',
        AWS_ROLE_ARN: 'arn:aws:iam::1:role/r',
        AWS_ROLE_SESSION_NAME: 'me',
      },
      files: { '/token': 'jwt\n' },
      answer: () => ({ body: STS_ANSWER('irsa', life) }),
    });
    const [first] = await Promise.all([ask(), ask()]);
    assert.equal(first.credentials.accessKeyId, 'irsa');
    assert.equal(first.credentials.secretAccessKey, 's/&');
    assert.equal(http.asked.length, 1);
    assert.equal(http.last.url, 'https://sts.eu-west-1.amazonaws.com/');
    assert.equal(http.last.headers?.['authorization'], undefined);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(http.last.body)), {
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::1:role/r',
      RoleSessionName: 'me',
      WebIdentityToken: 'jwt',
    });
    life = 60_000;
    const late = identityOf({
      env: { AWS_WEB_IDENTITY_TOKEN_FILE: '/token', AWS_ROLE_ARN: 'r' },
      files: { '/token': 'jwt' },
      answer: () => ({ body: STS_ANSWER('irsa', life) }),
    });
    await late.ask();
    await late.ask();
    assert.equal(late.http.asked.length, 2);
  });

  it('a profile, whose keys go before those of the environment', async () => {
    const files = {
      '/h/.aws/credentials': '[dev]\naws_access_key_id=dev\naws_secret_access_key=s\n',
      '/h/.aws/config': '[profile dev]\nregion=cn-north-1\n',
    };
    const named = identityOf({ env: { ...KEYS, AWS_REGION: '' }, files, config: { profile: 'dev' } });
    const { credentials, region } = await named.ask();
    assert.deepEqual([credentials.accessKeyId, region], ['dev', 'cn-north-1']);
    const byEnv = await identityOf({ env: { ...KEYS, AWS_PROFILE: 'dev' }, files }).ask();
    assert.equal(byEnv.credentials.accessKeyId, 'dev');
  });

  it('a role by a source profile, signed', async () => {
    const files = {
      '/h/.aws/credentials': '[base]\naws_access_key_id=base\naws_secret_access_key=s\n',
      '/h/.aws/config': '[profile ops]\nrole_arn=arn:ops\nsource_profile=base\n',
    };
    const { http, ask } = identityOf({
      files,
      config: { profile: 'ops' },
      answer: () => ({ body: STS_ANSWER('ops') }),
    });
    assert.equal((await ask()).credentials.accessKeyId, 'ops');
    assert.match(
      http.last.headers?.['authorization'] ?? '',
      /Credential=base\/\d{8}\/eu-west-1\/sts\/aws4_request/,
    );
    assert.match(http.last.body ?? '', /Action=AssumeRole&/);
  });

  it('roleArn of the metric is taken with whatever there is', async () => {
    const { http, ask } = identityOf({
      env: { ...KEYS, AWS_ENDPOINT_URL_STS: 'http://sts.local/x' },
      config: { roleArn: 'arn:r' },
      answer: () => ({ body: STS_ANSWER('taken') }),
    });
    assert.equal((await ask()).credentials.accessKeyId, 'taken');
    assert.equal(http.last.url, 'http://sts.local/x');
  });

  it("the container's endpoint, past the rules for templates", async () => {
    const { http, ask } = identityOf({
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials',
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/pod',
      },
      files: { '/pod': 'tok\n' },
      answer: () => ({
        body: JSON.stringify({
          AccessKeyId: 'pod',
          SecretAccessKey: 's',
          Token: 't',
          Expiration: '2026-01-01T18:00:00Z',
        }),
      }),
    });
    assert.equal((await ask()).credentials.accessKeyId, 'pod');
    assert.equal(http.last.unguarded, true);
    assert.equal(http.last.headers?.['authorization'], 'tok');
  });

  it("the instance's role", async () => {
    const { http, ask } = identityOf({
      answer: ({ url, method }) => {
        if (method === 'PUT') return { body: 'session' };
        if (url.endsWith('/security-credentials/')) return { body: 'node-role\n' };
        return {
          body: JSON.stringify({ Code: 'Success', AccessKeyId: 'node', SecretAccessKey: 's', Token: 't' }),
        };
      },
    });
    assert.equal((await ask()).credentials.accessKeyId, 'node');
    assert.equal(http.last.url, 'http://169.254.169.254/latest/meta-data/iam/security-credentials/node-role');
    assert.equal(http.last.headers?.['x-aws-ec2-metadata-token'], 'session');
  });

  const circle = {
    '/h/.aws/config':
      '[profile a]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=r\nsource_profile=a\n',
  };
  const faults: [string, Parameters<typeof identityOf>[0], RegExp][] = [
    [
      'no region',
      { env: { ...KEYS, AWS_REGION: '' } },
      /^region not configured in sigv4 or in the AWS default credentials chain/,
    ],
    [
      'a region that is a host',
      { env: KEYS, config: { region: 'evil.example/' } },
      /^AWS region "evil.example\/" is not valid$/,
    ],
    [
      'no such profile',
      { env: KEYS, config: { profile: 'x' } },
      /^AWS profile 'x' is in none of the shared files$/,
    ],
    ['profiles in a circle', { files: circle, config: { profile: 'a' } }, /source_profile goes in circles$/],
    [
      'single sign-on',
      { files: { '/h/.aws/config': '[default]\nsso_session=x\n' } },
      /^AWS profile 'default' uses sso_session/,
    ],
    [
      'an empty token',
      { env: { AWS_WEB_IDENTITY_TOKEN_FILE: '/t', AWS_ROLE_ARN: 'r' } },
      /^the AWS web identity token \/t can't be read/,
    ],
    [
      'nothing at all',
      { env: { AWS_EC2_METADATA_DISABLED: 'true' } },
      /^no AWS credentials: neither in the environment/,
    ],
    [
      'STS says no',
      {
        env: KEYS,
        config: { roleArn: 'arn:r' },
        answer: () => ({
          status: 403,
          body: '<E><Code>AccessDenied</Code><Message>not &quot;you&quot;</Message></E>',
        }),
      },
      /^AWS STS gave no credentials for role arn:r: 403 AccessDenied: not "you"$/,
    ],
    [
      'no metadata there',
      {
        answer: () => {
          throw new HttpFailure(
            'unreachable',
            'PUT http://169.254.169.254/latest/api/token: no route to host',
          );
        },
      },
      /^no AWS credentials: .* \(PUT .*no route to host\)$/,
    ],
  ];
  for (const [name, given, text] of faults)
    it(name, async () => {
      await assert.rejects(identityOf(given).ask(), (error) => {
        assert.ok(error instanceof MeasurementFault, String(error));
        assert.match(error.message, text);
        return true;
      });
    });

  it('a failure is not kept', async () => {
    let works = false;
    const { ask } = identityOf({
      env: KEYS,
      config: { roleArn: 'r' },
      answer: () => (works ? { body: STS_ANSWER('later') } : { status: 500, body: 'x' }),
    });
    await assert.rejects(ask());
    works = true;
    assert.equal((await ask()).credentials.accessKeyId, 'later');
  });
});

const ENV = {
  HOME: '/h',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AK',
  AWS_SECRET_ACCESS_KEY: 'very-secret',
};

describe('cloudWatch', () => {
  const cloudWatch = {
    interval: '30m',
    metricDataQueries: [
      { id: 'rate', expression: 'errors / requests', label: 'l', returnData: true },
      {
        id: 'errors',
        metricStat: {
          metric: { namespace: 'app', metricName: 'errors', dimensions: [{ name: 'n', value: 'v' }] },
          period: '300',
          stat: 'Sum',
          unit: 'None',
        },
        returnData: false,
      },
    ],
  };
  const ask = (http: ScriptedHttp, env: Record<string, string> = ENV) =>
    measure({ cloudWatch }, contextOf({ http, env }));
  const answer = (...results: unknown[]) => ({ MetricDataResults: results });

  it('asks GetMetricData, signed', async () => {
    const http = answering(answer());
    await ask(http);
    assert.equal(http.last.url, 'https://monitoring.eu-west-1.amazonaws.com/');
    assert.equal(http.last.headers?.['x-amz-target'], 'GraniteServiceVersion20100801.GetMetricData');
    assert.match(
      http.last.headers?.['authorization'] ?? '',
      /^AWS4-HMAC-SHA256 Credential=AK\/20260101\/eu-west-1\/monitoring\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=[0-9a-f]{64}$/,
    );
    assert.deepEqual(JSON.parse(http.last.body ?? ''), {
      StartTime: NOW / 1000 - 1800,
      EndTime: NOW / 1000,
      MetricDataQueries: [
        { Id: 'rate', Expression: 'errors / requests', Label: 'l', ReturnData: true },
        {
          Id: 'errors',
          MetricStat: {
            Metric: { Dimensions: [{ Name: 'n', Value: 'v' }], MetricName: 'errors', Namespace: 'app' },
            Period: 300,
            Stat: 'Sum',
            Unit: 'None',
          },
          ReturnData: false,
        },
      ],
    });
  });

  it("goes to the region's partition, or where the environment says", async () => {
    const http = answering(answer());
    await ask(http, { ...ENV, AWS_REGION: 'cn-north-1' });
    assert.equal(http.last.url, 'https://monitoring.cn-north-1.amazonaws.com.cn/');
    await ask(http, { ...ENV, AWS_ENDPOINT_URL: 'http://localstack:4566' });
    assert.equal(http.last.url, 'http://localstack:4566/');
  });

  it('results with the names of Go', async () => {
    const at = 1767268800;
    const outcome = valueOf(
      await ask(
        answering({
          ...answer(
            { Id: 'rate', Label: 'l', StatusCode: 'Complete', Timestamps: [at, at - 60], Values: [0.5, 1e6] },
            { Id: 'b', StatusCode: 'PartialData', Timestamps: [], Values: [] },
          ),
          Messages: [{ Code: 'c', Value: 'v' }],
        }),
      ),
    );
    assert.deepEqual(outcome.result, {
      type: 'json',
      value: [
        {
          Id: 'rate',
          Label: 'l',
          Messages: [],
          StatusCode: 'Complete',
          Timestamps: ['2026-01-01T12:00:00Z', '2026-01-01T11:59:00Z'],
          Values: [0.5, 1e6],
        },
        { Id: 'b', Label: null, Messages: [], StatusCode: 'PartialData', Timestamps: [], Values: [] },
      ],
    });
    assert.equal(outcome.value, '[[0.5 1e+06] []]');
    assert.deepEqual(outcome.metadata, { messages: '[{Code:c Value:v}]' });
    assert.deepEqual(outcome.evidence, { series: 1, sampledAt: at * 1000, latencyMs: 0 });
  });

  it('nothing', async () => {
    const outcome = valueOf(await ask(answering(answer())));
    assert.deepEqual([outcome.result.value, outcome.value], [[], '[]']);
  });

  const faults: [string, unknown, number, string][] = [
    [
      'refused',
      { __type: 'com.amazon#AccessDenied', message: 'not you' },
      400,
      'CloudWatch refused GetMetricData: 400: AccessDenied: not you',
    ],
    ['refused in XML', '<ErrorResponse/>', 403, 'CloudWatch refused GetMetricData: 403: <ErrorResponse/>'],
    [
      'forbidden for one query',
      answer({ Id: 'a', StatusCode: 'Forbidden', Values: [] }),
      200,
      'CloudWatch could not answer query a: Forbidden',
    ],
    ['no results', {}, 200, 'bad response: there are no MetricDataResults'],
    ['a value that is none', answer({ Values: ['x'] }), 200, 'bad response: a value is no number'],
    ['a time that is none', answer({ Timestamps: [1e300] }), 200, 'bad response: a timestamp is none'],
    [
      'a secret in the text',
      'it was very-secret',
      500,
      'CloudWatch refused GetMetricData: 500: it was *****',
    ],
  ];
  for (const [name, given, status, text] of faults)
    it(name, async () => assert.equal(messageOf(await ask(answering(given, status))), text));
});

type SigV4 = NonNullable<NonNullable<PrometheusMetric['authentication']>['sigv4']>;

describe('prometheus with sigv4', () => {
  const vector = { status: 'success', data: { resultType: 'vector', result: [] } };
  const ask = (http: ScriptedHttp, address: string, sigv4: SigV4 = { region: 'us-east-2' }) =>
    measure(
      { prometheus: { address, query: 'a b', authentication: { sigv4 } } },
      contextOf({ http, env: ENV }),
    );

  it('signs for the service aps in the region of the metric', async () => {
    const http = answering(vector);
    valueOf(await ask(http, 'https://aps-workspaces.us-east-2.amazonaws.com/workspaces/ws-1'));
    assert.match(
      http.last.headers?.['authorization'] ?? '',
      /Credential=AK\/20260101\/us-east-2\/aps\/aws4_request, SignedHeaders=content-type;host;x-amz-date,/,
    );
    // The address is the template's: it is held to the rules.
    assert.notEqual(http.last.unguarded, true);
  });

  it('signs nothing elsewhere, and nothing without a setting', async () => {
    const http = answering(vector);
    await ask(http, 'https://prometheus.example');
    await ask(http, 'https://aps-workspaces.us-east-2.amazonaws.com/w', {});
    assert.deepEqual(
      http.asked.map(({ headers }) => headers?.['authorization']),
      [undefined, undefined],
    );
  });

  it('signs each attempt by itself', async () => {
    const http = new ScriptedHttp((request) =>
      request.method === 'POST' ? { status: 405 } : { body: JSON.stringify(vector) },
    );
    valueOf(await ask(http, 'https://aps-workspaces.us-east-2.amazonaws.com/w'));
    const [post, get] = http.asked.map(({ headers }) => headers?.['authorization']);
    assert.ok(post !== undefined && get !== undefined && post !== get);
    assert.match(http.last.url, /query=a%20b/);
  });

  it('says what is missing', async () => {
    const outcome = await ask(answering(vector), 'https://aps-workspaces.x/', { profile: 'none' });
    assert.equal(messageOf(outcome), "AWS profile 'none' is in none of the shared files");
  });
});
