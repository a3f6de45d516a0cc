import type {
  Abstained,
  Analysis,
  CredentialState,
  Delivered,
  Evidence,
  Grade,
  MeasuredError,
  MetadataContainer,
  PoolShare,
  ProvenanceClaim,
  ProvenanceMark,
  UnreadReason,
} from '../../api/analysis.generated.js';
import type { DetectorErrorCode } from '../../api/errors.js';
import type { VerificationState } from '../../api/verification.generated.js';
import type { Locale } from '../i18n.js';

/**
 * Every sentence of the shared parts, in English. "Real" is never a verdict, and the word is not
 * used at all.
 */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- its type is what the other languages are held to
export const en = (l: Locale) => {
  const hundredths = (rate: number): string => l.number(Math.round(rate * 100));
  const hundred = l.number(100);
  /** So many in a hundred, whole, or a bound where rounding would claim "never". */
  const about = (rate: number): string => {
    const count = Math.round(rate * 100);
    if (count === 0) return 'fewer than 1 is';
    return l.plural(count, { one: 'about {n} is', other: 'about {n} are' });
  };
  return {
    grade: {
      weak: 'Little sign of AI',
      moderate: 'Some signs of AI',
      strong: 'Strong signs of AI',
      'very-strong': 'Very strong signs of AI',
    } satisfies Record<Grade, string>,
    meter: (level: number): string => `Strength of evidence: ${l.number(level)} of ${l.number(4)}`,
    gradeNote: {
      weak: 'The model found little that points to a generator. That does not prove a camera took it.',
      moderate: 'Some of what the model looks at points to a generator. Look for other evidence.',
      strong: 'Much of what the model looks at points to a generator.',
      'very-strong': 'Nearly everything the model looks at points to a generator.',
    } satisfies Record<Grade, string>,
    probability: (probability: number): string =>
      `${l.boundedPercent(
        probability,
        (bound) => `Over ${bound}`,
        (bound) => `Under ${bound}`,
      )} probability of AI`,
    measuredError: {
      sentence: (grade: Grade, { rate }: MeasuredError): string =>
        grade === 'weak'
          ? `Of ${hundred} results like this, ${about(rate)} AI-generated after all.`
          : `Of ${hundred} results like this, ${about(rate)} not AI-generated.`,
      basis: ({ low, high, n }: MeasuredError): string =>
        `Measured on ${l.plural(n, { one: '{n} test image', other: '{n} test images' })}; ` +
        `${l.percent(0.95)} interval ${hundredths(low)} to ${hundredths(high)} of ${hundred}.`,
      unknown: 'Too few test images got this result to say how often it is wrong.',
    },

    /** A head that somebody taught with their own examples judges. */
    taught: {
      term: 'Taught head',
      note: (name: string, examples: number): string =>
        `Judged by the taught head ${l.isolate(name)} (${l.plural(examples, { one: '{n} example', other: '{n} examples' })}), not by the model’s own.`,
      unmeasured: 'How often a taught head is wrong has not been measured.',
    },
    abstained: {
      headline: 'Cannot tell',
      /**
       * In its place where a model gives a probability, and no grade because nobody has measured
       * it.
       */
      ungraded: 'Not graded',
      reason: {
        'between-grades':
          'The evidence points neither way: here the model is wrong about as often as it is right.',
        uncalibrated:
          'This is the model’s own claim. Nobody has measured how often it is wrong, so it gets no grade.',
        'too-small': 'The image has too few pixels. Try a larger version.',
        'no-content':
          'There is almost nothing in this image to judge: one colour, a gradient or a blur.',
        unsteady:
          'The verdict changes when the picture is handed on: saved, halved, cropped or without its colours. So there is none.',
      } satisfies Record<Abstained['reason'], string>,
    },

    stability: {
      title: 'Does the verdict hold?',
      steady: 'It does: as others would receive the picture, no verdict lies on the other side.',
      unsteady:
        'Unsteady: handed on, the picture gets the opposite verdict. Do not rely on either.',
      withoutGrade: 'There is no verdict that could change; this is what the model says of each.',
      original: 'As it is',
      delivery: {
        jpeg: 'Saved as JPEG',
        half: 'Half the size',
        crop: 'Cropped by a tenth',
        gray: 'Without colours',
      } satisfies Record<Delivered['delivery'], string>,
    },
    map: {
      title: 'Where the model looked',
      caption: 'Where the model looked, not where something was changed.',
      /** Where the picture is no square. */
      centreOnly: 'It looks at a square around the centre.',
      strength: 'Strength of the overlay',
      speaksFor: 'Speaks for AI',
      speaksAgainst: 'Speaks against AI',
      /** For who cannot see it: where the part is that counts most. */
      description: (column: number, row: number, speaksFor: boolean): string =>
        `What counts most is part ${l.number(column)} from the left, ${l.number(row)} from the top; it speaks ` +
        (speaksFor ? 'for AI.' : 'against AI.'),
      shares: 'What the layers have in it',
      sharesNote:
        'Parts of the logit; their sum is the difference between this picture and the same with only its broad colours left.',
      layer: (layer: number): string => `Layer ${l.number(layer)}`,
      pool: {
        class: 'Class token',
        mean: 'Mean of the patches',
        std: 'Spread of the patches',
        'mlp-input-class': 'Class token before the MLP',
      } satisfies Record<PoolShare['pool'], string>,
    },

    facts: {
      generator: 'Likely generator',
      unknown: 'Unknown',
      /** Families that have a name; others are called as the model calls them. */
      family: {
        diffusion: 'An unknown diffusion model',
        gan: 'An unknown generative adversarial network (GAN)',
        autoregressive: 'An unknown autoregressive model',
      } as Readonly<Record<string, string>>,
      familyNamed: (name: string): string => `Unknown, from the ${l.isolate(name)} family`,
      generatorNote:
        'A guess among the generators the model knows, if the image is AI-generated at all.',
      quality: 'Technical quality',
      qualityOf: (quality: number): string => `${hundredths(quality)} of ${hundred}`,
      image: 'Image',
      size: (width: number, height: number): string => `${l.number(width)} × ${l.number(height)}`,
      part: 'Part judged',
      partOf: (x: number, y: number, width: number, height: number): string =>
        `${l.number(width)} × ${l.number(height)}, ${l.number(x)} from the left, ${l.number(y)} from the top`,
      ran: 'Computed',
      ranOn: { webgpu: 'On this device’s GPU', cpu: 'On this device’s CPU' },
      /** Between device and time. */
      separator: ', ',
      source: 'Source',
      fidelity: {
        'original-bytes': 'The file’s own bytes',
        're-encoded': 'Re-encoded from its pixels',
        'screen-capture': 'A screen capture',
      } satisfies Record<Analysis['input']['fidelity'], string>,
    },
    /** Pictures inside the picture. */
    pictures: (n: number): string =>
      l.plural(n, {
        one: 'This looks like a screenshot with one picture. The verdict is on the whole: check the picture by itself.',
        other:
          'This looks like a screenshot or collage with {n} pictures. The verdict is on the whole: check each of them.',
      }),
    fidelityNote: {
      're-encoded': 'Judged from re-encoded pixels: some of what the model looks at is lost.',
      'screen-capture':
        'Judged from a screen capture: much of what the model looks at is lost. Try the original file.',
    },
    notes: {
      'first-frame-only': 'Animated: only the first frame was analysed.',
      'first-page-only': 'Several pages: only the first was analysed.',
      'alpha-over-white': 'Partly transparent: placed on white.',
      'sixteen-bit-reduced': '16 bits per colour channel: rounded to 8.',
      'cmyk-converted': 'Made for print (CMYK): its colours were converted approximately.',
      'profile-converted': 'Its colours were converted to sRGB.',
      'hdr-tone-mapped': 'High dynamic range: brightness was mapped to an ordinary screen’s.',
      'gain-map-ignored': 'Its map for brighter screens was left out.',
      'reduced-copy-skipped':
        'A small copy stands first in the file: the full picture behind it was analysed.',
      'end-missing': 'The end of the file is missing or damaged, but every pixel is there.',
      'scans-missing': 'The file is incomplete: fine detail is missing.',
    } satisfies Record<Evidence['code'], string>,

    provenance: {
      summary: 'What the file says of itself',
      unchecked:
        'Nobody has checked this: anyone can write such notes into a file, and most sites remove them. They do not change the verdict.',
      contradictory:
        'The file contradicts itself: it also says that a camera recorded the picture.',
      says: {
        generated: 'The file says that a generative model made the picture.',
        'partly-generated': 'The file says that a generative model made a part of the picture.',
        'possibly-generated': 'The file says that the picture may be AI-generated.',
        'generator-named': 'The file says that a generative tool was used, but not for what.',
        composite:
          'The file says that the picture was put together from several, which may be AI-generated.',
        'screen-capture': 'The file says that the picture shows a screen.',
        captured: 'The file says that a camera or scanner recorded the picture.',
        created:
          'The file says that the picture was made with software, without a generative model.',
        edited: 'The file says that the picture was edited, without a generative model.',
      } satisfies Record<ProvenanceClaim, string>,
      mark: {
        'digital-source-type': 'Source of the picture',
        action: 'Action',
        ingredient: 'Ingredient',
        'aigc-label': 'Label for AI-generated content',
        settings: 'Settings of a generator',
        prompt: 'Prompt',
        'ai-system': 'AI system',
        software: 'Software',
        camera: 'Camera',
        credit: 'Credit line',
        'job-id': 'Number of the generator’s job',
        signature: 'Signature of a generator',
        'generative-fill': 'Part filled by a model',
        'remote-manifest': 'Content Credentials elsewhere',
        screenshot: 'Remark of the system',
      } satisfies Record<ProvenanceMark, string>,
      container: {
        'content-credentials': 'Content Credentials',
        xmp: 'XMP',
        exif: 'EXIF',
        iptc: 'IPTC',
        'png-text': 'PNG text',
        comment: 'Comment',
      } satisfies Record<MetadataContainer, string>,
      credentials: {
        unverified: 'Content Credentials were read, but their signature was not checked.',
        trusted: 'Content Credentials: signed by a trusted signer and unchanged since.',
        'unknown-signer':
          'Content Credentials: unchanged since they were signed, by a signer who is not on the list of trusted ones.',
        invalid: 'Content Credentials are invalid: the file was changed after they were signed.',
      } satisfies Record<CredentialState, string>,
      synthId:
        'Google’s generators mark their pictures with SynthID. It cannot be checked offline.',
      verified: {
        state: {
          trusted:
            'The signature is right: a trusted signer signed this file, and it is unchanged since.',
          valid:
            'The signature is right and the file is unchanged since, but the signer is on no list of trusted ones. Anyone can sign like that.',
          invalid:
            'The Content Credentials are not valid: mostly, the file was changed after it was signed.',
          absent:
            'The file holds no Content Credentials to check. That means nothing: they are easily removed.',
        } satisfies Record<VerificationState, string>,
        signer: 'Signed by',
        issuer: 'Certificate issued by',
        time: 'Signed on',
        list: 'On the list',
        means:
          'A signature shows who vouches for a statement, not that it is true. It does not change the verdict.',
      },
      unread: (container: string, why: string): string => `${container}: not read, ${why}.`,
      why: {
        damaged: 'damaged or cut off',
        compressed: 'compressed in a way that is not read here',
        'too-large': 'too large',
        repeated: 'there twice',
      } satisfies Record<UnreadReason, string>,
    },

    details: {
      summary: 'Details',
      probability: 'Probability of AI',
      logit: 'Logit',
      views: 'Views scored',
      decode: 'Decoding',
      encode: 'Encoding',
      bytes: 'File size in bytes',
      sha256: 'SHA-256',
      model: 'Model',
      weights: 'Weights, SHA-256',
      calibration: 'Calibration',
      adapter: 'GPU',
      selfTest: 'Self-test',
      selfTestResult: { passed: 'Passed', 'fell-back': 'WebGPU failed, the CPU passed' },
    },

    caveats: {
      summary: 'What this can and cannot tell you',
      points: [
        {
          title: 'It gives evidence, not proof',
          text: 'A vision model compares the picture with what it learned from thousands of generated and camera-made images. It reports how strongly the picture resembles the generated ones, and how often such a report was wrong.',
        },
        {
          title: 'Little sign of AI proves nothing',
          text: 'New generators, heavy editing, screenshots and repeated compression can hide every trace. A picture can also mislead without any AI: by its caption, its crop or its date.',
        },
        {
          title: 'Small changes are not its strength',
          text: 'It judges the picture as a whole. A face swapped or an object added in an otherwise untouched photograph may pass without notice.',
        },
        {
          title: 'Technical quality is another matter',
          text: 'It rates blur, noise, compression and enlargement as the model sees them. It says nothing about beauty or AI, and never changes the verdict.',
        },
        {
          title: 'Never accuse anyone on this alone',
          text: 'Among many honest pictures, even a rare mistake hits someone. Ask where the picture comes from, look for the original, and compare other reports.',
        },
      ],
    },

    error: {
      headline: {
        decode: 'Not a readable image',
        unsupported: 'Image format not supported',
        limit: 'Image too large',
        network: 'Could not be fetched',
        aborted: 'Cancelled',
        other: 'Could not be analysed',
      },
      advice: {
        decode:
          'The file may be damaged, incomplete, or not an image despite its name. Try the original file.',
        unsupported: 'Save it as JPEG, PNG, WebP, GIF, BMP or TIFF and try again.',
        limit: 'Save a smaller version and try again.',
        'weights-corrupt': 'Reload the page without its cache, or try again later.',
        network: 'Check the connection, then try again.',
        'no-gpu': 'Choose the CPU instead.',
        'device-lost': 'Reload the page and try again.',
        internal:
          'This is a bug in clipsight. Reload the page; if it happens again, please report it with the message above.',
        argument: 'This is a bug in the page, not a problem with the image.',
        aborted: 'Nothing was computed. Check the image again if you want a result.',
      } satisfies Record<DetectorErrorCode, string>,
    },

    card: {
      remove: (file: string): string => `Remove ${l.isolate(file)}`,
      unnamed: 'Image',
      queued: 'Waiting for its turn',
      loading: 'Waiting for the model',
      working: 'Analysing',
      announce: (file: string, headline: string, rest: string): string =>
        `${l.isolate(file)}: ${headline}. ${rest}`,
    },

    status: {
      loading: 'Loading the model',
      fellBackReason: 'What went wrong',
      core: 'Getting ready for this device…',
      weights: (loaded: number, total: number): string =>
        `Loading the model: ${l.bytes(loaded)} of ${l.bytes(total)}`,
      selfTest: 'Testing that this device computes correctly…',
      fallback: 'WebGPU failed here. Starting again on the CPU…',
      ready: { webgpu: 'Ready, on this device’s GPU', cpu: 'Ready, on this device’s CPU' },
      fellBack:
        'WebGPU did not work correctly here, so the CPU is used. Results are the same, just slower.',
      notStored:
        'The browser has no room to store the model. It works from memory; your next visit will load it again.',
      failed: 'The detector could not start.',
      unsuitable: 'The model cannot be used here. Choose another one, or update the browser.',
      retry: 'Try again',
    },

    check: {
      label: { one: 'Check an image for signs of AI', many: 'Check images for signs of AI' },
      drop: { one: 'Drop an image here', many: 'Drop images here' },
      dropOrPaste: {
        one: 'Drop an image here, or paste one',
        many: 'Drop images here, or paste them',
      },
      choose: { one: 'Choose an image', many: 'Choose images' },
      over: 'Drop to check',
      formats: (bytes: string): string => `JPEG, PNG, WebP, GIF, BMP or TIFF, up to ${bytes}`,
      privacy: 'Nothing is uploaded: images are read and analysed on this device only.',
      noFiles: 'That was not an image file. Save the picture first, then drop the file here.',
      pasteEmpty:
        'There is no image on the clipboard. Copy a picture, not its address, then paste again.',
      pasted: 'Pasted image',
      results: 'Results',
      clear: 'Clear',
    },
  };
};

/** What every language has. */
export type Strings = ReturnType<typeof en>;
