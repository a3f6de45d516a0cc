// Pages as people take pictures of them, with labelled pictures in them. Each layout is a function
// of random choices and of `picture(style)`, which gives the next picture's element.

const WORDS = (
  'the of a to in is you that it he was for on are as with his they at be this have from or one ' +
  'had by word but not what all were we when your can said there use an each which she do how ' +
  'their if will up other about out many then them these so some her would make like him into ' +
  'time has look two more write go see number no way could people my than first water been call ' +
  'who oil its now find long down day did get come made may part morning harbour mountain light ' +
  'yesterday report camera street market summer question answer'
).split(' ');

const NAMES = [
  'Mara Lind',
  'J. Okafor',
  'Yuki',
  'Sam Patel',
  'Ines Duarte',
  'Tom B.',
  'Léa',
  'Omar',
];
const FONTS = ['DejaVu Sans', 'Liberation Sans', 'DejaVu Serif', 'sans-serif'];

const words = (random, count) => {
  const text = Array.from({ length: count }, () => random.pick(WORDS)).join(' ');
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
};

/** Colours of a page. */
function theme(random, dark) {
  return dark
    ? {
        page: random.pick(['#000', '#0d1117', '#121212', '#15202b', '#18191a', '#1e1e1e']),
        card: random.pick(['#000', '#161b22', '#1e1e1e', '#242526', '#22303c']),
        ink: '#e7e9ea',
        faint: '#8b98a5',
        line: '#2f3336',
        accent: '#1d9bf0',
      }
    : {
        page: random.pick(['#fff', '#fff', '#f0f2f5', '#fafafa', '#f6f3ee', '#eef1f4']),
        card: '#fff',
        ink: '#0f1419',
        faint: '#536471',
        line: '#e1e5e9',
        accent: random.pick(['#1d9bf0', '#0866ff', '#c33', '#2a7d4f']),
      };
}

function shell(random, colours, body, css = '') {
  return `<!doctype html><meta charset="utf-8"><style>
    * { box-sizing: border-box; }
    body { margin: 0; background: ${colours.page}; color: ${colours.ink};
      font: ${random.between(13, 17)}px/1.45 '${random.pick(FONTS)}', sans-serif; }
    img { display: block; object-fit: cover; }
    .faint { color: ${colours.faint}; } .accent { color: ${colours.accent}; }
    .avatar { width: 40px; height: 40px; border-radius: 50%; background: ${colours.accent};
      flex: none; }
    .row { display: flex; gap: 12px; align-items: center; }
    .status { display: flex; justify-content: space-between; padding: 6px 18px;
      font-weight: 600; font-size: 14px; }
    .icon { width: 20px; height: 20px; border: 2px solid ${colours.faint}; border-radius: 5px; }
    ${css}</style><body>${body}`;
}

const status = () => '<div class="status"><span>9:41</span><span>▮▮▯ LTE &nbsp;▰▰▱</span></div>';

const icons = (count) =>
  `<div class="row" style="gap:28px;padding:10px 0">${'<div class="icon"></div>'.repeat(count)}</div>`;

/** A feed of posts; on a phone pictures are as wide as the screen. */
function feed({ random, colours, phone, picture }) {
  const radius = random.pick([0, 0, 8, 12, 16]);
  const ratio = random.pick(['1', '4/3', '4/5', '16/9']);
  const full = phone && random.chance(0.6);
  const width = phone ? '100%' : `${random.between(420, 560)}px`;
  const post = () => `<article><div class="row pad"><div class="avatar"></div><div>
      <b>${random.pick(NAMES)}</b><div class="faint">${random.between(2, 23)} h</div></div></div>
      <p class="pad">${words(random, random.between(5, 34))}</p>
      ${picture(`width:100%;aspect-ratio:${ratio};border-radius:${full ? 0 : radius}px`)}
      <div class="pad">${icons(4)}</div></article>`;
  const side = phone
    ? ''
    : `<nav>${Array.from({ length: 8 }, () => `<p>${random.pick(WORDS)} ${random.pick(WORDS)}</p>`).join('')}</nav>`;
  const right = phone
    ? ''
    : `<aside><b>${words(random, 3)}</b>${Array.from({ length: 5 }, () => `<p>${words(random, 9)}</p>`).join('')}</aside>`;
  return shell(
    random,
    colours,
    `${phone ? status() : ''}<div class="columns">${side}<main>${post()}${post()}</main>${right}</div>`,
    `.columns { display: flex; justify-content: center; gap: 32px; }
     main { width: ${width}; } nav { width: 190px; padding: 20px; } aside { width: 260px; padding: 20px; }
     article { background: ${colours.card}; margin: 0 0 14px; border-bottom: 1px solid ${colours.line};
       ${full ? 'padding: 0' : `padding: 0 ${random.pick([12, 16])}px; border: 1px solid ${colours.line}; border-radius: ${random.pick([0, 12])}px`}; }
     .pad { padding: 10px ${full ? 14 : 0}px 0; margin: 0 0 8px; }`,
  );
}

/** An article with figures, as wide as its text or floating in it. */
function article({ random, colours, phone, picture }) {
  const floats = !phone && random.chance(0.4);
  const paragraph = () => `<p>${words(random, random.between(40, 90))}</p>`;
  const figure = `<figure>${picture(`width:100%;aspect-ratio:${random.pick(['1', '3/2', '4/3', '16/9'])}`)}
    <figcaption class="faint">${words(random, 12)}</figcaption></figure>`;
  return shell(
    random,
    colours,
    `${phone ? status() : `<header>${words(random, 5)}</header>`}<main><h1>${words(random, 7)}</h1>
     ${random.chance(0.5) ? paragraph() : ''}${figure}${paragraph()}${paragraph()}${paragraph()}</main>`,
    `header { background: ${colours.accent}; color: #fff; padding: 14px 40px; }
     main { max-width: ${random.between(600, 820)}px; margin: auto; padding: 16px; }
     figure { margin: 8px 0 16px; ${floats ? `float: ${random.pick(['left', 'right'])}; width: ${random.between(280, 380)}px; margin: 8px 24px;` : ''} }
     figcaption { font-size: 80%; padding-top: 6px; }`,
  );
}

/** A grid of pictures with gaps. */
function gallery({ random, colours, phone, picture }) {
  const columns = phone ? random.between(2, 3) : random.between(2, 4);
  const gap = random.pick([1, 2, 3, 4, 8, 12, 20]);
  const cells = Array.from({ length: columns * 3 }, () =>
    picture('width:100%;aspect-ratio:1'),
  ).join('');
  return shell(
    random,
    colours,
    `${phone ? status() : ''}<h2>${words(random, 3)}</h2><div class="grid">${cells}</div>`,
    `.grid { display: grid; grid-template-columns: repeat(${columns}, 1fr); gap: ${gap}px;
       ${phone ? '' : `width: ${columns * random.between(220, 300)}px; margin: auto`} }
     h2 { padding: 8px 16px; margin: 0; }`,
  );
}

/** Columns of cards of different heights. */
function masonry({ random, colours, phone, picture }) {
  const columns = phone ? 2 : random.between(3, 4);
  const gap = random.pick([8, 12, 16]);
  const card = () =>
    `<div class="card">${picture(
      `width:100%;aspect-ratio:${random.pick(['1', '3/4', '4/5', '4/3'])};border-radius:${random.pick([0, 8, 16])}px`,
    )}<p>${words(random, random.between(2, 8))}</p></div>`;
  const column = () => `<div>${Array.from({ length: 3 }, card).join('')}</div>`;
  return shell(
    random,
    colours,
    `${phone ? status() : ''}<div class="columns">${Array.from({ length: columns }, column).join('')}</div>`,
    `.columns { display: grid; grid-template-columns: repeat(${columns}, 1fr); gap: ${gap}px; padding: ${gap}px; }
     .card { margin-bottom: ${gap}px; } .card p { margin: 4px 6px; font-size: 90%; }`,
  );
}

/** A chat with pictures among its messages. */
function chat({ random, colours, phone, picture }) {
  const bubble = (mine, inside) => `<div class="bubble ${mine ? 'mine' : ''}">${inside}</div>`;
  const said = () => bubble(random.chance(0.5), words(random, random.between(2, 18)));
  const sent = bubble(
    random.chance(0.5),
    picture(
      `width:${random.between(220, 280)}px;aspect-ratio:${random.pick(['1', '3/4', '4/3'])};border-radius:${random.pick([0, 10, 14])}px`,
    ),
  );
  return shell(
    random,
    colours,
    `${phone ? status() : ''}<header class="row"><div class="avatar"></div><b>${random.pick(NAMES)}</b></header>
     <main>${said()}${said()}${sent}${said()}${said()}${said()}</main>`,
    `header { padding: 10px 16px; background: ${colours.card}; border-bottom: 1px solid ${colours.line}; }
     main { padding: 12px; ${phone ? '' : 'width: 760px; margin: auto;'} }
     .bubble { background: ${colours.line}; border-radius: 16px; padding: ${random.pick([4, 8, 10])}px; margin: 8px 0;
       width: fit-content; max-width: 75%; } .mine { margin-left: auto; background: ${random.pick(['#d9fdd3', '#0a84ff', '#005c4b'])}; }`,
  );
}

/** One picture between bars, with or without buttons around it. */
function viewer({ random, phone, dark, picture }) {
  const bar = random.pick(dark ? ['#000', '#0e0e0e', '#202124'] : ['#000', '#fff', '#e8eaed']);
  const colours = { ...theme(random, dark), page: bar, ink: '#999', faint: '#888' };
  const buttons = random.chance(0.6);
  const size = phone
    ? `width:100%;aspect-ratio:${random.pick(['1', '4/3', '16/9'])}`
    : `height:${random.between(60, 92)}vh;aspect-ratio:${random.pick(['1', '4/3', '3/4'])}`;
  return shell(
    random,
    colours,
    `${phone && random.chance(0.7) ? status() : ''}${buttons ? '<div class="top row"><span>✕</span><span>⋮</span></div>' : ''}
     <div class="stage">${buttons && !phone ? '<span>‹</span>' : ''}${picture(size)}${buttons && !phone ? '<span>›</span>' : ''}</div>`,
    `body { height: 100vh; display: flex; flex-direction: column; }
     .top { justify-content: space-between; padding: 12px 18px; font-size: 20px; }
     .stage { flex: 1; display: flex; align-items: center; justify-content: ${buttons && !phone ? 'space-between' : 'center'};
       font-size: 34px; padding: 0 ${phone ? 0 : 20}px; min-height: 0; }`,
  );
}

/** Pictures side by side with gutters, and nothing else. */
function collage({ random, dark, picture }) {
  const colours = { ...theme(random, dark), page: random.pick(['#fff', '#000', '#222', '#eee']) };
  const [columns, rows] = random.pick([
    [2, 1],
    [1, 2],
    [2, 2],
    [3, 2],
    [2, 3],
  ]);
  const gap = random.pick([2, 4, 6, 10, 16, 24]);
  const frame = random.pick([0, gap]);
  const cells = Array.from({ length: columns * rows }, () =>
    picture('width:100%;height:100%'),
  ).join('');
  return shell(
    random,
    colours,
    `<div class="grid">${cells}</div>`,
    `.grid { display: grid; height: 100vh; padding: ${frame}px; gap: ${gap}px;
       grid-template: repeat(${rows}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr)); }`,
  );
}

/** Pages without a picture: text, messages, settings, code, a table, charts. */
const PLAIN = {
  text: ({ random }) =>
    `<main style="max-width:720px;margin:auto;padding:16px"><h1>${words(random, 6)}</h1>${Array.from({ length: 7 }, () => `<p>${words(random, 70)}</p>`).join('')}</main>`,
  settings: ({ random, colours }) =>
    Array.from(
      { length: 14 },
      () => `<div class="row" style="padding:14px 18px;border-bottom:1px solid ${colours.line}">
        <div class="icon"></div><div style="flex:1"><b>${words(random, 2)}</b><div class="faint">${words(random, 6)}</div></div>
        <div style="width:44px;height:24px;border-radius:12px;background:${random.pick([colours.accent, colours.line])}"></div></div>`,
    ).join(''),
  code: ({ random }) =>
    `<pre style="background:#1e1e1e;color:#d4d4d4;margin:0;padding:16px;font:13px/1.5 monospace">${Array.from(
      { length: 60 },
      () =>
        `${' '.repeat(2 * random.between(0, 4))}<span style="color:${random.pick(['#569cd6', '#ce9178', '#6a9955', '#dcdcaa'])}">${random.pick(WORDS)}</span>(${random.pick(WORDS)}, ${random.between(0, 999)});`,
    ).join('\n')}</pre>`,
  table: ({ random, colours }) =>
    `<table style="border-collapse:collapse;width:100%">${Array.from(
      { length: 30 },
      () =>
        `<tr>${Array.from({ length: 7 }, () => `<td style="border:1px solid ${colours.line};padding:4px 8px;background:${random.pick(['none', 'none', 'none', '#ffe08a', '#9bd3a0'])}">${random.between(0, 99999)}</td>`).join('')}</tr>`,
    ).join('')}</table>`,
  charts: ({ random }) => {
    const bars = Array.from(
      { length: 12 },
      (_, at) =>
        `<rect x="${40 + at * 45}" y="${random.between(20, 200)}" width="32" height="400" fill="${random.pick(['#4e79a7', '#f28e2b', '#e15759', '#76b7b2'])}"/>`,
    ).join('');
    const line = Array.from({ length: 60 }, (_, at) => `${at * 10},${random.between(60, 240)}`);
    return `<h2 style="padding:0 20px">${words(random, 5)}</h2>
      <svg width="620" height="320" style="background:#f7f7f7;margin:20px">${bars}</svg>
      <svg width="620" height="320" style="background:#fff;margin:20px;border:1px solid #ccc">
      <polyline points="${line.join(' ')}" fill="none" stroke="#c33" stroke-width="2"/></svg>`;
  },
};

function plain(choices) {
  const { random, colours, phone } = choices;
  const kind = random.pick(Object.keys(PLAIN));
  return shell(random, colours, `${phone ? status() : ''}${PLAIN[kind](choices)}`);
}

export const LAYOUTS = { feed, article, gallery, masonry, chat, viewer, collage, plain };

/**
 * One page: its HTML, the window it is seen in, and how it is saved. `sources` are the pictures to
 * take from.
 */
export function compose(layout, random, sources) {
  const dark = random.chance(0.4);
  const phone = layout !== 'collage' && random.chance(0.45);
  const colours = theme(random, dark);
  const used = [];
  const picture = (style) => {
    const source = random.pick(sources);
    used.push(source);
    return `<img data-source="${used.length - 1}" src="${source.url}" style="${style}">`;
  };
  const html = LAYOUTS[layout]({ random, colours, dark, phone, picture });
  const viewport = phone
    ? random.pick([
        { width: 390, height: 844 },
        { width: 360, height: 780 },
        { width: 412, height: 915 },
      ])
    : layout === 'collage'
      ? { width: random.between(600, 1100), height: random.between(600, 1100) }
      : random.pick([
          { width: 1280, height: 800 },
          { width: 1440, height: 900 },
          { width: 1920, height: 1080 },
        ]);
  return {
    html,
    used,
    viewport,
    scale: phone ? random.pick([2, 2, 3]) : random.pick([1, 1, 1, 2]),
    format: random.chance(0.5) ? 'png' : 'jpeg',
    dark,
    phone,
  };
}
