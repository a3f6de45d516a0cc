// What the shared parts say, in every language, and in which colours: no browser is needed for
// that.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

// On a server, too, importing must do no harm.
const ui = await import('../../pkg/element/ui.js');
await import('../../pkg/element/index.js');

const { LANGUAGES, LANGUAGE_NAMES, catalogue, locale, translate, displayName } = ui;

/** Arguments that every function of the catalogue understands, by its path. */
const MEASURED = { rate: 0.1309, low: 0.0916, high: 0.1838, n: 212 };
const ARGUMENTS = {
  'measuredError.sentence': [
    ['weak', { ...MEASURED, rate: 0.001 }],
    ...[1, 2, 3, 11, 100].flatMap((count) =>
      ['weak', 'strong'].map((grade) => [grade, { ...MEASURED, rate: count / 100 }]),
    ),
  ],
  'measuredError.basis': [1, 2, 3, 11, 212, 1234].map((n) => [{ ...MEASURED, n }]),
  probability: [[0.001], [0.5], [0.999]],
  'facts.size': [[1280, 853]],
  'facts.partOf': [[120, 80, 300, 200]],
  pictures: [[1], [2], [3], [11], [64]],
  'facts.familyNamed': [['energy-based']],
  'status.weights': [[1_200_000, 6_700_000]],
  'check.formats': [['64 MiB']],
  'map.description': [
    [1, 2, true],
    [3, 4, false],
  ],
  'provenance.unread': [['XMP', 'reason']],
  'taught.note': [1, 2, 3, 11, 100].map((n) => ['my phone', n]),
  'card.remove': [['photo.jpg']],
  'card.announce': [['photo.jpg', 'headline', 'rest']],
};
const DEFAULT_ARGUMENTS = [[0.5], [1], [4]];

/** Every sentence of a catalogue, by path. */
function sentences(value, path = '') {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value === 'function') {
    return (ARGUMENTS[path] ?? DEFAULT_ARGUMENTS).map((given, i) => [
      `${path}(${i})`,
      value(...given),
    ]);
  }
  return Object.entries(value).flatMap(([key, inner]) =>
    sentences(inner, path === '' ? key : `${path}.${key}`),
  );
}

describe('strings', () => {
  const english = new Map(sentences(translate(catalogue, locale('en'))));

  for (const language of LANGUAGES) {
    test(`${LANGUAGE_NAMES[language]}: the same sentences, none empty, none of English`, () => {
      const own = new Map(sentences(translate(catalogue, locale(language))));
      assert.deepEqual([...own.keys()], [...english.keys()]);
      for (const [path, sentence] of own) {
        if (path !== 'facts.separator') assert.equal(sentence, sentence.trim(), path);
        assert.notEqual(sentence, '', path);
        assert.doesNotMatch(sentence, /undefined|NaN|\{n\}|\[object/, path);
      }
      if (language === 'en') return;
      // Names, numbers, and words that are the same in both.
      const alike = [
        /^(details\.(sha256|logit|adapter|decode)|facts\.(separator|size)|card\.announce)/,
        /^provenance\.(container|mark\.(software|prompt))/,
      ];
      for (const [path, sentence] of own) {
        if (!alike.some((names) => names.test(path)))
          assert.notEqual(sentence, english.get(path), path);
      }
    });
  }

  test('no language calls anything "real"', () => {
    const words = {
      en: /\b(real|authentic|genuine)\b/i,
      de: /\b(echt\w*|authentisch\w*|real\w*)\b/i,
      es: /\b(real|reales|auténtic\w*|genuin\w*)\b/i,
      ar: /حقيقي|أصيل/,
      zh: /真实|真图|真的|真品/,
    };
    for (const language of LANGUAGES) {
      for (const [path, sentence] of sentences(translate(catalogue, locale(language)))) {
        assert.doesNotMatch(sentence, words[language], `${language}: ${path}`);
      }
    }
    // A control: the patterns find what they look for.
    for (const [language, said] of Object.entries({
      en: 'It is real.',
      de: 'Das ist echt.',
      zh: '这是真实的',
    })) {
      assert.match(said, words[language]);
    }
  });

  test('numbers as they are written in each place', () => {
    assert.equal(locale('en').percent(0.87), '87%');
    assert.equal(locale('de').percent(0.87), '87\u00a0%');
    assert.equal(locale('de').number(1234.5, 1), '1.234,5');
    assert.match(locale('de-CH').number(1234.5, 1), /^1['’]234\.5$/);
    assert.equal(locale('en').bytes(512), '512 bytes');
    assert.equal(locale('en').bytes(345_678), '346 kB');
    assert.equal(locale('es').bytes(6_689_078), '6,7 MB');
    assert.equal(locale('en').mebibytes(64 * 2 ** 20), '64\u00a0MiB');
    assert.equal(locale('en').duration(0.2), '1 ms');
    assert.equal(locale('en').duration(12_345), '12.3 sec');
    const forms = { zero: '0', one: '1', two: '2', few: 'few', many: 'many', other: 'other' };
    assert.deepEqual(
      [0, 1, 2, 3, 11, 100].map((n) => locale('ar').plural(n, forms)),
      ['0', '1', '2', 'few', 'many', 'other'],
    );
    assert.equal(locale('en').plural(2, { one: '{n} image', other: '{n} images' }), '2 images');
  });

  test('certainty is never claimed', () => {
    for (const language of LANGUAGES) {
      const { probability } = translate(catalogue, locale(language));
      for (const share of [0.9999, 1]) assert.doesNotMatch(probability(share), /100|١٠٠/);
      assert.match(probability(0.9999), /99|٩٩/);
      assert.match(probability(0), /[1١]/);
      assert.doesNotMatch(probability(0), /0|٠/);
    }
  });
});

describe('which language', () => {
  test('the first there are strings in, own before around', () => {
    assert.equal(locale('fr', 'de').language, 'de');
    assert.equal(locale('es-MX').tag, 'es-MX');
    assert.equal(locale('not a tag', 'ar').direction, 'rtl');
    assert.equal(locale('zh-TW').lang, 'zh-Hans');
    assert.equal(locale('en-GB', 'de').tag, 'en-GB');
  });

  test('what is set comes before what is around, and is told', (t) => {
    let told = 0;
    const stop = ui.onLocaleChange(() => (told += 1));
    t.after(() => {
      stop();
      ui.setLocale(undefined);
    });
    ui.setLocale('de');
    ui.setLocale('de');
    assert.equal(told, 1);
    assert.equal(locale(undefined, 'es').language, 'de');
    assert.equal(locale('es').language, 'es');
    stop();
    ui.setLocale('ar');
    assert.equal(told, 1);
  });
});

describe('names of files', () => {
  test('what plays tricks is shown as a replacement character', () => {
    assert.equal(displayName('photo\u202egpj.exe'), 'photo\ufffdgpj.exe');
    assert.equal(displayName('a\0b\nc\u0085\u2066d'), 'a\ufffdb\ufffdc\ufffd\ufffdd');
    assert.equal(
      displayName('<img src=x onerror=alert(1)>.jpg'),
      '<img src=x onerror=alert(1)>.jpg',
    );
    // A mark that Hebrew and Arabic names hold rightly, and one that emoji do.
    assert.equal(displayName('שלום\u200f 1 👩‍👩‍👧.jpg'), 'שלום\u200f 1 👩‍👩‍👧.jpg');
  });

  test('of a long one the beginning and the extension are kept', () => {
    const shown = displayName(`${'x'.repeat(1 << 20)}.tiff`);
    assert.equal(shown.length, 160);
    assert.match(shown, /^x+…x+\.tiff$/);
  });

  test('what lies in the middle of a very long one costs nothing', () => {
    const name = 'x'.repeat(1 << 20);
    const fastest = (work) => {
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now();
        work(name);
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    // A single look at every character is thousands of times as much work, on any machine.
    const [shown, looked] = [displayName, (text) => Array.from(text)].map(fastest);
    assert.ok(shown < looked / 20, `${shown} ms, and ${looked} ms to look at every character`);
  });

  test('generators in the words of those who made them, others as they are called', () => {
    assert.equal(ui.generatorName('sd15'), 'Stable Diffusion 1.5');
    assert.equal(ui.generatorName('new-one\u202e'), 'new-one\ufffd');
  });
});

describe('colours', () => {
  const channel = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = (hex) => {
    const [r, g, b] = [1, 3, 5].map((at) => channel(parseInt(hex.slice(at, at + 2), 16) / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const TEXT = [
    'ink',
    'muted',
    'accent',
    'accent-hover',
    'weak',
    'moderate',
    'strong',
    'very-strong',
    'unsure',
    'bad',
  ];

  for (const [theme, at] of [
    ['light', 0],
    ['dark', 1],
  ]) {
    test(`${theme}: text 4.5 to 1 on every ground, controls 3 to 1`, () => {
      const colour = (name) => ui.COLOURS[name][at];
      for (const text of TEXT) {
        for (const ground of ['ground', 'surface', 'sunken', 'tint']) {
          const ratio = contrast(colour(text), colour(ground));
          assert.ok(ratio >= 4.5, `${text} on ${ground}: ${ratio.toFixed(2)}`);
        }
      }
      assert.ok(contrast(colour('on-accent'), colour('accent')) >= 4.5);
      assert.ok(contrast(colour('on-accent'), colour('accent-hover')) >= 4.5);
      assert.ok(contrast(colour('line-strong'), colour('surface')) >= 3);
    });
  }
});
