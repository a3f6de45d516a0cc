// The manifest of each browser, from one template.

/**
 * Pages of the extension: they talk to nothing but their own files; the background alone fetches
 * pictures.
 */
const PAGES = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self' http: https:",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/**
 * The frame in which pictures are decoded and judged: WebAssembly, WebGPU, no extension API, no
 * network of any kind. The same policy stands in sandbox.html for Firefox, which has no `sandbox`
 * in its manifests.
 */
export const SANDBOX = [
  'sandbox allow-scripts',
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const SIZES = [16, 32, 48, 128];
const ICONS = Object.fromEntries(SIZES.map((size) => [size, `icons/icon-${size}.png`]));

/**
 * @param {'chrome' | 'firefox'} browser
 * @param {{ version: string }} options
 */
export function manifest(browser, { version }) {
  const firefox = browser === 'firefox';
  return {
    manifest_version: 3,
    name: '__MSG_name__',
    short_name: 'clipsight',
    description: '__MSG_description__',
    version,
    default_locale: 'en',
    icons: ICONS,
    // Chrome's own interfaces for the document that holds the frame, and for the side panel, have
    // other names in Firefox.
    permissions: [
      'contextMenus',
      'activeTab',
      'scripting',
      ...(firefox ? [] : ['offscreen', 'sidePanel']),
      'storage',
    ],
    // None at install: each site is asked for when it is needed, and can be taken back in the
    // panel.
    optional_host_permissions: ['http://*/*', 'https://*/*'],
    action: { default_title: '__MSG_action__', default_popup: 'popup.html', default_icon: ICONS },
    commands: {
      'check-image': { suggested_key: { default: 'Alt+Shift+K' }, description: '__MSG_command__' },
    },
    ...(firefox
      ? {
          background: { page: 'background.html' },
          sidebar_action: {
            default_panel: 'panel.html',
            default_title: 'clipsight',
            default_icon: ICONS,
            open_at_install: false,
          },
          browser_specific_settings: {
            gecko: {
              id: 'extension@clipsight',
              strict_min_version: '140.0',
              data_collection_permissions: { required: ['none'] },
            },
          },
          content_security_policy: {
            extension_pages: PAGES.replace(
              "script-src 'self'",
              "script-src 'self' 'wasm-unsafe-eval'",
            ),
          },
        }
      : {
          minimum_chrome_version: '120',
          background: { service_worker: 'background.js' },
          side_panel: { default_path: 'panel.html' },
          sandbox: { pages: ['sandbox.html'] },
          content_security_policy: { extension_pages: PAGES, sandbox: SANDBOX },
        }),
  };
}
