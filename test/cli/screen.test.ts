// What is drawn again and again: in place on a terminal, no wider and no higher than it; one after the other elsewhere.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openScreen } from '../../host/cli/screen.js';

const Screen = suite('cli/screen');

function stream(options: { isTTY: boolean; rows?: number; columns?: number }) {
  let written = '';
  const fake = { ...options, write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream;
  return { fake, written: () => written };
}

Screen('a terminal gets what it has room for, and is given back', () => {
  const { fake, written } = stream({ isTTY: true, rows: 4, columns: 8 });
  const screen = openScreen(fake);
  screen.show(['short', 'longer than that']);
  screen.show(['1', '2', '3', '4', '5']);
  screen.close();
  assert.equal(written().split('\x1b['), [
    '',
    '?1049h',
    '?25l', // another screen, without a cursor
    'H' + 'short',
    'K\nlonger t',
    'K\n',
    'J',
    'H1',
    'K\n2',
    'K\n... 3 mo',
    'K\n',
    'J',
    '?25h',
    '?1049l',
  ]);
});

Screen('a terminal that does not say how large it is has 80 columns', () => {
  const { fake, written } = stream({ isTTY: true, rows: 0, columns: 0 });
  openScreen(fake).show(['x'.repeat(100)]);
  assert.is(written().match(/x+/)?.[0].length, 80);
});

Screen('elsewhere nothing is drawn over', () => {
  const { fake, written } = stream({ isTTY: false });
  const screen = openScreen(fake);
  screen.show(['one', 'two']);
  screen.show(['three']);
  screen.close();
  assert.is(written(), 'one\ntwo\n\nthree\n\n');
});

Screen.run();
