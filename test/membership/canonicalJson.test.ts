// RFC 8785: its own samples (sections 3.2.2 and 3.2.3, appendix B), and what it says is an error.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonicalJson } from '../../host/membership/canonicalJson.js';

const Canonical = suite('membership/canonicalJson');

Canonical('the sample of section 3.2.2', () => {
  const input = String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`;
  const output = String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`;
  assert.is(canonicalJson(JSON.parse(input)), output);
});

Canonical('names are sorted by UTF-16 code units, as in section 3.2.3', () => {
  const input = String.raw`{
    "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
  }`;
  const values = [...canonicalJson(JSON.parse(input)).matchAll(/:"([^"]+)"/g)].map(([, value]) => value);
  assert.equal(values, [
    'Carriage Return',
    'One',
    'Control',
    'Latin Small Letter O With Diaeresis',
    'Euro Sign',
    'Emoji: Grinning Face',
    'Hebrew Letter Dalet With Dagesh',
  ]);
});

// IEEE 754 in hex, and its text.
const NUMBERS: [string, string][] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
];
Canonical('the numbers of appendix B', () => {
  for (const [hex, text] of NUMBERS) assert.is(canonicalJson(Buffer.from(hex, 'hex').readDoubleBE()), text, hex);
});

Canonical('half a surrogate pair is an error, in a value and in a name', () => {
  for (const input of ['["\\ud800"]', '{"\\udc00":1}']) {
    assert.throws(() => canonicalJson(JSON.parse(input)), /expected Unicode/);
  }
});

Canonical('a name that JavaScript has plans for is a name', () => {
  assert.is(
    canonicalJson(JSON.parse('{"constructor":1,"__proto__":{"b":2,"a":1}}')),
    '{"__proto__":{"a":1,"b":2},"constructor":1}',
  );
});

Canonical.run();
