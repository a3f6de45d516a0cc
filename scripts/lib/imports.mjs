// Who in www may import whom. `npm run lint` fails on any other import, and on every circle.
import { cruise } from 'dependency-cruiser';
import { Failure, root } from './run.mjs';

/** What the package exports, to whom it is a package like any other: all, or one entry. */
const PACKAGE = '^node_modules/clipsight/';
const INDEX = String.raw`^node_modules/clipsight/index\.d\.ts$`;
const STANDARD = String.raw`^node_modules/clipsight-model-standard/index\.d\.ts$`;
const UI = String.raw`^node_modules/clipsight/element/ui\.d\.ts$`;
const RESULT = String.raw`^node_modules/clipsight/element/result\.d\.ts$`;
const RECEIPT = String.raw`^node_modules/clipsight/receipt\.d\.ts$`;

/** Written by the build; the worker imports it under names that only the bundle resolves. */
const WASM = String.raw`^\.\./wasm/[a-z0-9-]+/clipsight\.js$`;
const VERIFIER = String.raw`^\.\./wasm/verifier/verifier\.js$`;

const room = (name) => `^${name}/`;

/**
 * The rooms of www by regular expression, and what each may import besides itself: rooms, files and
 * packages by their paths. A file of www that is in no room is a mistake, too.
 */
export const ROOMS = {
  // The package, from the bottom up: what callers see, how anything is fetched, the WebAssembly
  // builds, a model's files, the worker's side, the page's side, the elements.
  'www/lib/api': [],
  'www/lib/network': [room('www/lib/api')],
  'www/lib/builds': [room('www/lib/(api|network)')],
  'www/lib/decoders': [room('www/lib/(api|builds)')],
  'www/lib/verifier': [room('www/lib/(api|builds|decoders)')],
  'www/lib/model': [room('www/lib/(api|network|builds|decoders|verifier)')],
  'www/lib/worker': [room('www/lib/(api|network|builds|model|decoders|verifier)'), WASM, VERIFIER],
  'www/lib/detector': [room('www/lib/(api|network|builds|decoders|verifier|model|worker)')],
  'www/lib/element': [room('www/lib/(api|detector)')],
  'www/lib/receipt.ts': [room('www/lib/(api|model)')],
  'www/lib/index.ts': [
    room('www/lib/(api|network|builds|model|detector)'),
    String.raw`^www/lib/receipt\.ts$`,
  ],
  'www/service-worker': [],
  'www/app': [PACKAGE, STANDARD, '^www/service-worker/message\\.ts$'],
  // The extension: a folder is a process, and what several of them use is in `shared`. Of the
  // content scripts the background injects one.
  'www/extension/shared': [INDEX, UI, '^node_modules/valibot/'],
  'www/extension/content': [INDEX, UI, room('www/extension/shared')],
  'www/extension/background': [
    INDEX,
    '^node_modules/valibot/',
    room('www/extension/shared'),
    '^www/extension/content/in-page\\.ts$',
  ],
  'www/extension/host': [INDEX, STANDARD, room('www/extension/shared')],
  'www/extension/sandbox': [INDEX, room('www/extension/shared')],
  'www/extension/panel': [UI, RESULT, RECEIPT, room('www/extension/shared')],
  // Scripts of the build.
  'www/extension/(manifest|icons/render)\\.mjs': [
    '^(fs/promises|path|url)$',
    '^tests/web/support/browser\\.mjs$',
  ],
};

/** The pattern of a room: a folder with all that is in it, or one file. */
const within = (name) => (/\.(ts|mjs)$/.test(name) ? `^${name}$` : `^${name}/`);

const rules = [
  { name: 'no circles', severity: 'error', from: {}, to: { circular: true } },
  ...Object.entries(ROOMS).map(([name, allowed]) => ({
    name: `what ${name} may import`,
    severity: 'error',
    from: { path: within(name) },
    to: { pathNot: [within(name), ...allowed] },
  })),
];

/**
 * Every import that is not allowed below a folder, and every file that is in no room, as lines for
 * people.
 *
 * @param {{ base?: string, folder?: string }} where
 * @returns {Promise<string[]>}
 */
export async function forbiddenImports({ base = root, folder = 'www' } = {}) {
  const { output } = await cruise(
    [folder],
    {
      baseDir: base,
      validate: true,
      ruleSet: { forbidden: rules },
      // Types count: what depends on a type depends on its file.
      tsPreCompilationDeps: true,
      // The package is what lies in node_modules, not the folder that it is a link to.
      preserveSymlinks: true,
      exclude: { path: '^www/dist/' },
      doNotFollow: { path: '^(node_modules|pkg|pkg-standard|scripts|tests)/' },
    },
    {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'default'],
      extensions: ['.ts', '.d.ts', '.js', '.mjs'],
      extensionAlias: { '.js': ['.ts', '.d.ts', '.js'] },
    },
  );
  const homeless = output.modules
    .map(({ source }) => source)
    .filter((source) => source.startsWith('www/') && /\.(ts|m?js)$/.test(source))
    .filter((source) => !Object.keys(ROOMS).some((name) => new RegExp(within(name)).test(source)));
  return [
    ...output.summary.violations.map(({ rule, from, to, cycle }) =>
      cycle === undefined
        ? `${from} imports ${to} (${rule.name}: scripts/lib/imports.mjs)`
        : `${[from, ...cycle.map(({ name }) => name)].join(' -> ')} is a circle`,
    ),
    ...homeless.map((source) => `${source} is in no room of scripts/lib/imports.mjs`),
  ];
}

/** @throws {Failure} with every import that is not allowed */
export async function checkImports() {
  const found = await forbiddenImports();
  if (found.length > 0) throw new Failure(found.join('\n'));
}
