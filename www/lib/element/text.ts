/** Longest name that is shown, in characters. */
const MAX_NAME = 160;

/**
 * What a name could play tricks with: control characters, and those that reorder the text around
 * them.
 */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A file's name as it can be shown: `photo<right-to-left override>gpj.exe` would read as a JPEG.
 * Unsafe characters become U+FFFD; of a long name the middle is left out, so that its extension is
 * still seen.
 */
export function displayName(name: string, limit = MAX_NAME): string {
  // What lies in between is never shown: a name of a megabyte must not cost as much to clean.
  const short =
    name.length <= 4 * limit ? name : `${name.slice(0, 2 * limit)}${name.slice(-2 * limit)}`;
  const characters = Array.from(short.replace(UNSAFE, '\ufffd'));
  if (characters.length <= limit) return characters.join('');
  return `${characters.slice(0, limit - 41).join('')}…${characters.slice(-40).join('')}`;
}

/** How generators write themselves; what a model calls otherwise is shown as the model calls it. */
const GENERATORS = new Map([
  ['chroma', 'Chroma'],
  ['dalle-mini', 'DALL·E mini'],
  ['f-lite', 'F Lite'],
  ['glid3-xl', 'GLID-3-XL'],
  ['gpt-image-1', 'GPT Image 1'],
  ['gpt-image-2', 'GPT Image 2'],
  ['hunyuandit', 'Hunyuan-DiT'],
  ['nano-banana-pro', 'Nano Banana Pro'],
  ['sd14', 'Stable Diffusion 1.4'],
  ['sd15', 'Stable Diffusion 1.5'],
  ['sdxl-finetune', 'Stable Diffusion XL, fine-tuned'],
  ['stylegan2', 'StyleGAN2'],
  ['wan', 'Wan'],
]);

/** A generator's name for people. */
export function generatorName(name: string): string {
  return GENERATORS.get(name) ?? displayName(name);
}
