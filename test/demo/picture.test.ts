import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LEAST_COLUMNS, picture, type PictureState } from '../../src/demo/picture.ts';
import { Screen } from '../../src/demo/screen.ts';
import { summary } from '../../src/demo/summary.ts';

const state: PictureState = {
  title: '2/5  v2, a good version',
  elapsedMs: 83_400,
  weight: 40,
  stable: 'v1',
  canary: 'v2',
  recent: new Map([
    ['v1', 110],
    ['v2', 70],
  ]),
  recentFailed: 0,
  perSecond: 120,
  answered: 2410,
  failed: 0,
  history: [
    { weight: 0, share: undefined },
    { weight: 0, share: 0 },
    { weight: 20, share: 18 },
    { weight: 40, share: 100 },
  ],
  rollout: 'Paused CanaryPauseStep',
  application: 'Synced to 1234567,\n Suspended',
};
// eslint-disable-next-line no-control-regex
const ESCAPE = /\u001b\[[0-9;?]*[A-Za-z]/g;

describe('the moving picture', () => {
  it('shows weights and what clients saw as bars', () => {
    assert.deepEqual(picture(state, { colour: false, columns: 80 }), [
      '── 2/5  v2, a good version ───────────────────────────────────────────── 1:23 ─',
      '  weights   █████████████████▒▒▒▒▒▒▒▒▒▒▒▒ v1  60 %  v2  40 %',
      '  clients   ██████████████████▒▒▒▒▒▒▒▒▒▒▒ v1  61 %  v2  39 % ',
      '  canary      ▁█                          share that clients saw',
      '              ▂▃                          weight that was set',
      '            120 answers/s, 2410 answered, none failed',
      '  Rollout   Paused CanaryPauseStep',
      '  Git       Synced to 1234567, Suspended',
    ]);
  });

  it('says of one version alone that it has everything', () => {
    const lines = picture(
      { ...state, canary: 'v1', weight: 0, recent: new Map([['v1', 9]]) },
      { colour: false, columns: 80 },
    );
    assert.match(lines[1] ?? '', /█{29} v1 100 %$/);
  });

  it('fits whatever it has to say, with and without colours', () => {
    const long: PictureState = {
      ...state,
      weight: 100,
      recentFailed: 99_999,
      failed: 123_456,
      rollout: 'x'.repeat(500),
      application: 'y'.repeat(500),
      history: Array.from({ length: 400 }, () => ({ weight: 100, share: 100 })),
    };
    for (const columns of [LEAST_COLUMNS + 1, 80, 110, 300]) {
      const plain = picture(long, { colour: false, columns });
      const painted = picture(long, { colour: true, columns });
      assert.ok(painted.join('').includes('\u001b['));
      assert.deepEqual(
        painted.map((line) => line.replace(ESCAPE, '')),
        plain,
      );
      for (const line of plain) assert.ok(line.length < columns, `${columns}: ${line.length} ${line}`);
    }
  });

  it('has a row for each step in the summary', () => {
    const lines = summary({ count: () => 3 }, { count: 4000, failed: 12 }, 61_234, false);
    assert.equal(lines.filter((line) => line.includes('3 checks true')).length, 5);
    assert.equal(lines.at(-1), '  15 checks, all true. 4000 requests answered, 12 failed, in 61 s.');
  });
});

describe('the screen', () => {
  const output = (): { text: string; write(text: string): void; columns: number; rows: number } => ({
    text: '',
    columns: 80,
    rows: 24,
    write(text) {
      this.text += text;
    },
  });

  it('writes lines and nothing else off a terminal', () => {
    const out = output();
    const screen = new Screen(out, false);
    screen.animate(() => ['picture']);
    screen.line('one');
    screen.settle();
    assert.equal(out.text, 'one\n');
  });

  it('keeps the picture below the lines, and takes it away in the end', () => {
    const out = output();
    const screen = new Screen(out, true);
    screen.animate(() => ['a', 'b']);
    screen.line('one');
    screen.settle();
    assert.equal(out.text, '\u001b[?25l\na\nb\n\u001b[3F\u001b[Jone\n\na\nb\n\u001b[3F\u001b[J\u001b[?25h');
  });

  it('never draws higher than the terminal', () => {
    const out = { ...output(), rows: 5 };
    const screen = new Screen(out, true);
    screen.animate(() => ['a', 'b', 'c', 'd', 'e', 'f']);
    screen.settle();
    assert.ok(!out.text.includes('d'));
  });
});
