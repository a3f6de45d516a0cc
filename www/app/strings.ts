/** Every sentence of the page, in English. */
import type { Abstained, Analysis, Attribution, DetectorErrorCode, Evidence, Grade, MeasuredError } from 'clipsight';

const number = new Intl.NumberFormat('en');
const oneDecimal = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** A size in the unit people know from file managers. */
function size(bytes: number): string {
  if (bytes < 1e3) return `${number.format(bytes)} bytes`;
  if (bytes < 1e6) return `${number.format(Math.round(bytes / 1e3))} kB`;
  return `${oneDecimal.format(bytes / 1e6)} MB`;
}

/** A share in whole per cent that never claims certainty. */
function percent(share: number): string {
  if (share > 0.99) return 'Over 99 %';
  if (share < 0.01) return 'Under 1 %';
  return `${number.format(Math.round(share * 100))} %`;
}

/** So many in a hundred, whole, or a bound where rounding would claim "never" or "always". */
function inHundred(rate: number): string {
  const count = Math.round(rate * 100);
  if (count === 0) return 'fewer than 1';
  return `about ${number.format(count)}`;
}

function hundredths(rate: number): string {
  return number.format(Math.round(rate * 100));
}

function are(rate: number): string {
  return hundredths(rate) === '1' ? 'is' : 'are';
}

const FORMATS: Record<Analysis['file']['format'], string> = {
  jpeg: 'JPEG',
  png: 'PNG',
  webp: 'WebP',
  gif: 'GIF',
  bmp: 'BMP',
  tiff: 'TIFF',
};

/** Families that have a name in plain English; others are called as the model calls them. */
const FAMILIES = new Map([
  ['diffusion', 'diffusion models'],
  ['gan', 'generative adversarial networks (GANs)'],
  ['autoregressive', 'autoregressive models'],
]);

export const strings = {
  name: 'clipsight',
  title: 'How strongly does an image look AI-generated?',
  lead: 'Drop a picture and read the evidence, with the error we measured beside it.',
  privacy: 'Nothing is uploaded. Your images are read and judged on this device only.',

  drop: {
    title: 'Drop images anywhere on this page',
    paste: 'or paste one from the clipboard',
    choose: 'Choose images',
    formats: 'JPEG, PNG, WebP, GIF, BMP or TIFF, up to 64 MiB each',
    over: 'Let go to look at them',
    noFiles: 'That was no image file. Save the picture first, then drop the file here.',
    pasteEmpty: 'The clipboard holds no image. Copy a picture, not its address, then paste again.',
  },

  status: {
    core: 'Getting ready for this device …',
    weights: (loaded: number, total: number): string => `Loading the model: ${size(loaded)} of ${size(total)}`,
    selfTest: 'Testing that this device computes correctly …',
    fallback: 'WebGPU failed here. Starting again on the CPU …',
    ready: (device: 'webgpu' | 'cpu'): string => `Ready, on this device’s ${device === 'webgpu' ? 'GPU' : 'CPU'}`,
    fellBack: 'WebGPU did not work correctly here, so the CPU is used. Results are the same, only slower.',
    fellBackReason: 'What went wrong',
    failed: 'The detector could not be started.',
    retry: 'Try again',
  },

  results: {
    heading: 'Results',
    clear: 'Clear all',
    progress: (done: number, all: number): string => `${number.format(done)} of ${number.format(all)} done`,
    remove: (file: string): string => `Remove ${file}`,
    waitingForModel: 'Waiting for the model',
    waiting: 'Waiting for its turn',
    pasted: 'Pasted image',
  },

  grade: {
    weak: 'Little sign of AI',
    moderate: 'Some signs of AI',
    strong: 'Strong signs of AI',
    'very-strong': 'Very strong signs of AI',
  } satisfies Record<Grade, string>,
  meter: (level: number): string => `Strength of evidence: ${number.format(level)} of 4`,
  gradeNote: {
    weak: 'The model found little that speaks for a generator. That is no proof of a camera.',
    moderate: 'Some of what the model looks at speaks for a generator. Look for other evidence.',
    strong: 'Much of what the model looks at speaks for a generator.',
    'very-strong': 'Nearly all that the model looks at speaks for a generator.',
  } satisfies Record<Grade, string>,
  probability: (probability: number): string => `${percent(probability)} probability of AI`,
  measuredError: {
    sentence: (grade: Grade, { rate }: MeasuredError): string =>
      grade === 'weak'
        ? `Of 100 results like this, ${inHundred(rate)} ${are(rate)} AI-generated all the same.`
        : `Of 100 results like this, ${inHundred(rate)} ${are(rate)} not AI-generated.`,
    basis: ({ low, high, n }: MeasuredError): string =>
      `Measured on ${number.format(n)} test images; 95 % interval ${hundredths(low)} to ${hundredths(high)} of 100.`,
    unknown: 'Too few test images got this result to say how often it is wrong.',
  },

  maker: ({ family, generator }: Attribution): string => {
    if (generator !== null) return `Likely generator: ${generator.name}.`;
    if (family === null) return 'Generator unknown.';
    return `Likely family: ${FAMILIES.get(family.name) ?? family.name}; generator unknown.`;
  },
  makerNote: 'A guess among the generators the model has learned, should the image be generated at all.',
  quality: (quality: number): string => `Technical quality: ${hundredths(quality)} of 100.`,
  qualityNote: 'Blur, noise, compression and enlargement as the model sees them. Not beauty, and no sign of AI.',

  abstained: {
    headline: 'Cannot tell',
    reason: {
      'between-grades': 'The evidence points neither way: here the model is wrong about as often as it is right.',
      uncalibrated: 'Nobody has measured how often this model is wrong, so its number gets no grade.',
      'too-small': 'The image has too few pixels. Try a larger version of it.',
      'no-content': 'There is next to nothing in this image to judge, only one colour or nearly so.',
    } satisfies Record<Abstained['reason'], string>,
  },

  notes: {
    'first-frame-only': 'Animated: only the first frame was looked at.',
    'first-page-only': 'Several pages: only the first was looked at.',
    'alpha-over-white': 'Partly transparent: laid over white.',
    'sixteen-bit-reduced': '16 bits a colour: rounded to 8.',
    'cmyk-converted': 'Made for print (CMYK): its colours were converted roughly.',
  } satisfies Record<Evidence['code'], string>,

  meta: {
    size: ({ width, height, format }: Analysis['file']): string =>
      `${number.format(width)} × ${number.format(height)} ${FORMATS[format]}`,
    device: (device: 'webgpu' | 'cpu', ms: number): string =>
      `${device === 'webgpu' ? 'GPU' : 'CPU'}, ${number.format(Math.max(1, Math.round(ms)))} ms`,
    details: 'Details',
    logit: 'Logit',
    decode: 'Decoding',
    encode: 'Encoding',
    ms: (ms: number): string => `${number.format(Math.max(1, Math.round(ms)))} ms`,
    bytes: 'File size',
    fileSize: size,
    sha256: 'SHA-256',
    model: 'Model',
    calibration: 'Calibration',
    adapter: 'Device',
  },

  error: {
    headline: {
      decode: 'Not a readable image',
      unsupported: 'Kind of image not supported',
      limit: 'Image too large',
    } as Readonly<Partial<Record<DetectorErrorCode, string>>>,
    otherHeadline: 'Could not be analysed',
    advice: {
      decode: 'The file may be damaged, cut off, or something else under an image’s name. Try the original file.',
      unsupported: 'Save it as JPEG, PNG, WebP, GIF, BMP or TIFF and try again.',
      limit: 'Save a smaller version of it and try again.',
      'weights-corrupt': 'Reload the page without its cache, or try again later.',
      network: 'Check the connection, then try again.',
      'no-gpu': 'Open the page without ?device=webgpu to use the CPU.',
      'device-lost': 'Reload the page and try again.',
      internal:
        'This is a mistake of ours. Reload the page; if it happens again, please report it with the message above.',
    } as Readonly<Partial<Record<DetectorErrorCode, string>>>,
  },

  about: {
    heading: 'What this can and cannot tell you',
    points: [
      {
        title: 'It gives evidence, not proof',
        text: 'A vision model compares the picture with what it learned from thousands of generated and camera-made images. It reports how strongly the picture resembles the generated ones, and how often such a report was wrong.',
      },
      {
        title: 'Little sign is not “real”',
        text: 'New generators, heavy editing, screenshots and repeated compression can hide every trace. A picture can also mislead without any AI: by its caption, its crop or its date.',
      },
      {
        title: 'Small changes are not its strength',
        text: 'It judges the picture as a whole. A face swapped or an object added in an otherwise untouched photograph may pass without notice.',
      },
      {
        title: 'Never accuse on this alone',
        text: 'Among many honest pictures even a rare mistake hits someone. Ask where the picture comes from, look for the original, compare with other reports.',
      },
    ],
  },
  footer: (model: string): string =>
    `Model ${model}. Everything runs in this page: WebAssembly, and WebGPU where there is one.`,
};
