import type { Locale } from 'clipsight/ui';
import type { FolderProblem } from '../bench/module.js';

/**
 * The page's own sentences, in English. What card and status say stands in the package's catalogue.
 */
// eslint-disable-next-line @typescript-eslint/explicit-module-boundary-types -- its type is what the other languages are held to
export const en = (l: Locale) => ({
  title: 'How strongly does an image look AI-generated?',
  lead: 'See the evidence in a picture, with the error rate we measured beside it. Everything runs on this device.',
  footer: (model: string): string => `Model ${l.isolate(model)}.`,

  lock: {
    loading: 'Nothing is uploaded.',
    loadingNote: 'Once the model is loaded, the network is locked.',
    locked: 'Network locked.',
    lockedNote: 'Neither this page nor its worker can reach the network any longer.',
    open: 'Network open.',
    openNote: 'Images can be fetched by address. Lock the network before you check private ones.',
    more: 'How it works',
    heading: 'The network lock',
    points: [
      'The model and the code are loaded first. Then the page tells the browser to refuse every further connection: requests, sockets, beacons, images, scripts, style sheets, fonts, frames, forms.',
      'Your files are read by a worker that starts under this rule. It cannot lift the rule, and neither can the page: only reloading the page can.',
      'Not covered by the rule: leaving the page by a link or a new address, looking up a name ahead of a visit (DNS prefetch), and WebRTC, which the page disables itself.',
      'Copies kept for offline use are checked for updates by the browser itself. That request says nothing about your images.',
      'The first AVIF, HEIC, JPEG XL, TIFF or BMP image needs a decoder of this site’s own. The program that keeps the offline copies fetches it: the site learns that such an image was opened, and nothing else. It fetches the programs that measure a folder and that check a signature in the same way.',
      'Teaching needs a file of this site’s own, fetched in the same way: the site learns that teaching was begun, and nothing else.',
    ],
    test: 'Try it',
    testing: 'This page is now trying to reach its own server…',
    testRefused: 'Refused by the browser. Nothing was sent.',
    testReached: 'The server was reached: the network is not locked.',
    testFailed: 'The server was not reached, but not because of the lock: you seem to be offline.',
    unlock: 'Unlock…',
    unlockNote: 'Unlocking reloads the page, without the results that are on it now.',
    relock: 'Lock now',
  },

  intake: {
    drop: 'Drop images or folders anywhere on this page',
    paste: 'or paste one from the clipboard',
    files: 'Choose images',
    folder: 'Choose a folder',
    address: 'From an address',
    noImages: 'It contains no image.',
    passed: {
      summary: (n: number): string =>
        l.plural(n, { one: 'One file was passed over', other: '{n} files were passed over' }),
      other: (n: number): string => `Not images, judging by their names: ${l.number(n)}`,
      hidden: (n: number): string => `Hidden: ${l.number(n)}`,
      system: (n: number): string => `Thumbnails and settings that systems keep: ${l.number(n)}`,
      unreadable: (n: number): string => `Could not be opened: ${l.number(n)}`,
    },
    addressLabel: 'Address of an image',
    addressNote:
      'The request goes from your device to that site, without cookies. Most sites do not let other pages read their images (CORS): in that case, save the image and drop the file here.',
    addressLocked:
      'The network is locked, so nothing can be fetched. Unlocking reloads the page, without the results that are on it now; then the image is fetched.',
    fetch: 'Fetch',
    unlockAndFetch: 'Unlock and fetch',
    fromAddress: 'Image from an address',
    refused: {
      address: 'That is not an address. It must begin with https:// or http://.',
      scheme: 'Only addresses that begin with https://, http:// or data: can be fetched.',
      credentials: 'The address contains a user name or password. Remove them.',
      unreachable:
        'The image could not be fetched. Either the site does not let other pages read it (CORS), or there is no connection. Save the image and drop the file here.',
      slow: 'The site took too long to answer. Try again later.',
      status: (status: number): string => `The site answered with the error ${String(status)}.`,
      empty: 'The site sent an empty file.',
      large: (bytes: number): string => `The file is larger than ${l.bytes(bytes)}.`,
      cut: 'The connection broke before the whole image arrived. Try again.',
    },
  },

  batch: {
    heading: 'Results',
    list: 'Images: choose one to see its result',
    progress: (done: number, all: number): string => `${l.number(done)} of ${l.number(all)} done`,
    shown: (shown: number, all: number): string => `${l.number(shown)} of ${l.number(all)} shown`,
    again: (n: number): string =>
      l.plural(n, { one: '{n} being checked again', other: '{n} being checked again' }),
    nothing: 'No images match.',
    cancel: 'Cancel',
    cancelled: 'Cancelled',
    checkAgain: 'Check it after all',
    clear: 'Clear all',
    waiting: 'Waiting',
    working: 'Analysing',
    flagged: 'Above your threshold',
    flaggedCount: (n: number): string =>
      l.plural(n, { one: '{n} above your threshold', other: '{n} above your threshold' }),
    finished: (n: number, errors: number): string =>
      l.plural(n, { one: '{n} image checked', other: '{n} images checked' }) +
      (errors === 0
        ? '.'
        : `, ${l.plural(errors, { one: '{n} could not be read.', other: '{n} could not be read.' })}`),
    filter: 'Show',
    search: 'Name contains',
    sort: 'Sort by',
    filters: {
      all: 'All',
      flagged: 'Above your threshold',
      waiting: 'Waiting',
      error: 'Errors',
      cancelled: 'Cancelled',
    },
    sorts: { added: 'Order added', probability: 'Probability', grade: 'Grade', name: 'Name' },
  },

  /** What can be asked of a verdict. */
  examine: {
    stability: 'Does it hold?',
    explain: 'Where did it look?',
    verify: 'Check its signature',
    working: {
      stability: 'Judging it as others would receive it…',
      explain: 'Hiding one part after the other…',
      verify: 'Checking the signature…',
    },
    withCost: (question: string, duration: string): string => `${question} Takes about ${duration}`,
  },

  /** Parts of an image that are checked by themselves. */
  parts: {
    checkEach: (n: number): string =>
      l.plural(n, { one: 'Check the picture in it', other: 'Check each of the {n} pictures' }),
    choose: 'Check a part…',
    heading: 'Choose the part to check',
    help: 'Drag over the picture to draw the part, or drag the part to move it. By keyboard: arrows move it, Shift and arrows resize it, with Ctrl by one pixel; Enter checks it, Esc leaves.',
    area: 'Part to check',
    place: (x: number, y: number, width: number, height: number): string =>
      `${l.number(width)} × ${l.number(height)} pixels, ${l.number(x)} from the left, ${l.number(y)} from the top`,
    check: 'Check this part',
    unseen: 'This browser cannot show the picture, so no part of it can be chosen.',
  },

  /** Measuring the model on a folder of one's own. */
  bench: {
    open: 'Measure on your own folder',
    heading: 'Measure on your own folder',
    lead: 'How well does the model do on your images? Give it a folder in which you know what is AI-generated and what is not. It is measured on this device only.',
    ways: [
      'Two folders beside each other, named after what is in them: ai, fake, generated or 1; and real, human, photo or 0.',
      'Or a CSV file among the images, with the columns path and label; a column origin may name generators and sources.',
    ],
    choose: 'Choose the folder',
    another: 'Choose another folder',
    start: 'Measure',
    goOn: 'Go on measuring',
    waiting: 'Waiting for the model…',
    sorting: 'Looking at what is in it…',
    computing: 'Computing the figures…',
    done: 'The report is ready.',
    noProgram:
      'The measuring program could not be fetched from this site. Check the connection and try again.',
    problem(problem: FolderProblem): string {
      switch (problem.problem) {
        case 'no-labels':
          return 'Nothing says which images are AI-generated. Put them into two folders beside each other, such as ai and real, or add a CSV file with the columns path and label.';
        case 'one-class':
          return problem.generated
            ? 'All of these images are AI-generated. Add some that are not, to compare with.'
            : 'None of these images is AI-generated. Add some that are, to compare with.';
        case 'several-tables':
          return `Several CSV files name images and labels. Keep one of them: ${problem.tables.map((table) => l.isolate(table)).join(', ')}.`;
        case 'table':
          return `The CSV file ${l.isolate(problem.table)} cannot be read: ${l.isolate(problem.message)}.`;
      }
    },
    found: {
      heading: 'What was found',
      byFolders: (generated: string, real: string): string =>
        `AI-generated: the folder ${l.isolate(generated)}. Not: the folder ${l.isolate(real)}.`,
      byTable: (table: string): string => `As the table ${l.isolate(table)} says.`,
      generated: (n: number): string => `AI-generated: ${l.number(n)}`,
      real: (n: number): string => `Not AI-generated: ${l.number(n)}`,
    },
    leftOut: {
      unlabelled: (n: number): string => `Without a label, left out: ${l.number(n)}`,
      missing: (n: number): string =>
        `In the table, but not in the folder, or not the only one of that name: ${l.number(n)}`,
      'unknown-label': (n: number): string =>
        `With a label that means neither, left out: ${l.number(n)}`,
      repeated: (n: number): string => `In the table more than once: ${l.number(n)}`,
    },
    saveRows: 'Save the rows as CSV',
    saveJson: 'Save the report as JSON',
    saveHtml: 'Save the report as a page',
    report: {
      title: 'How well clipsight does on a folder of images',
      heading: 'Figures',
      counts: (generated: number, real: number): string =>
        `Judged: ${l.number(generated)} AI-generated, ${l.number(real)} not.`,
      columns: ['Measure', 'Value', '95 % interval'],
      measures: {
        auc: 'AUC',
        balancedAccuracy: 'Balanced accuracy',
        recall: 'Recall: AI-generated images found',
        falseAlarms: 'False alarms: others called AI-generated',
        ungradedGenerated: 'No grade, AI-generated',
        ungradedReal: 'No grade, others',
      },
      range: (low: string, high: string): string => `${low} to ${high}`,
      withRange: (rate: string, low: string, high: string): string => `${rate} (${low} to ${high})`,
      threshold: (threshold: string): string =>
        `Called AI-generated: a probability of ${threshold} or more, the threshold of the model.`,
      intervals: {
        images:
          'Intervals of AUC and balanced accuracy: bootstrap over images, or over origins where there are several; the others: Clopper-Pearson.',
        origins:
          'Intervals of AUC and balanced accuracy: bootstrap over generators and sources; the others: Clopper-Pearson.',
      },
      noInterval:
        'A dash: there are too few images to tell, or every draw gave the same, which says nothing of how far off it is.',
      few: (n: number): string =>
        `There are fewer than ${l.number(n)} images of one kind. What you see here may be chance.`,
      repeated: (n: number): string =>
        l.plural(n, {
          one: 'One image is, byte for byte, another one again. It counts twice.',
          other: '{n} images are, byte for byte, another one again. They count more than once.',
        }),
      roc: {
        heading: 'All thresholds',
        label: 'ROC curve: recall over the rate of false alarms',
        found: 'Recall',
        falseAlarms: 'False alarms',
        caption: 'ROC curve. The dot is the threshold of the model; the dashed line is chance.',
      },
      confounds: {
        heading: 'Can size and format alone tell?',
        warning: (auc: string): string =>
          `Size and format alone tell these two folders apart: AUC ${auc}. The figures may measure that, and not the pictures.`,
        passed: 'Hardly: how the files are stored does not tell the two apart.',
        few: (least: number, n: number): string =>
          `Telling takes ${l.number(least)} images of each kind; the smaller one has ${l.number(n)}.`,
        columns: ['What is seen of the file', 'AUC', '95 % interval'],
        stored: 'Width, height, format, JPEG quality',
        withLength: 'The same and its length',
        note: 'A classifier that sees no pixel is fitted to four fifths of the images and judges the rest, in turn. AUC .5 is chance; beyond .6 it is a warning.',
      },
      points: {
        heading: 'Thresholds by false alarms',
        columns: ['At most', 'Threshold', 'False alarms', 'Found'],
        few: 'There are too few images that are not AI-generated: half of them must bear at least one false alarm.',
        note: 'Chosen on all images. The rates are those of thresholds that were chosen on one half and measured on the other.',
      },
      grades: {
        heading: 'What each grade is worth',
        columns: ['Grade', 'AI-generated', 'Not', 'Wrong', '95 % interval'],
        note: 'Wrong: with little sign of AI, the share that is AI-generated; with the others, the share that is not. Both kinds weigh alike.',
      },
      mistakes: {
        heading: 'Farthest from right',
        note: 'The probability is the one the model gave for AI. Check whether these images are in the right folder.',
      },
      classes: { generated: 'Is AI-generated', real: 'Is not' },
      unjudged: {
        heading: 'Could not be judged',
        note: (n: number): string =>
          l.plural(n, {
            one: 'One image is in no figure.',
            other: '{n} images are in no figure.',
          }),
      },
      facts: {
        heading: 'What was measured',
        limits:
          'These figures are about this model and these images. Other generators, cameras, sizes and edits may give others.',
        list: 'List of images, SHA-256',
        sides: 'Shorter sides',
        pixels: (least: number, median: number, most: number): string =>
          `${l.number(least)} to ${l.number(most)} px, median ${l.number(median)}`,
      },
    },
  },

  export: {
    menu: 'Save results',
    json: 'JSON',
    csv: 'CSV, for spreadsheets',
    report: 'Printable report',
    reportTitle: 'Report on AI-generated images',
    made: (date: string): string => `Created ${date}`,
    columns: {
      image: 'Image',
      result: 'Result',
      probability: 'Probability',
      error: 'Measured error',
      sha256: 'SHA-256 of the file',
    },
    back: 'Close the report',
    print: 'Print',
    caution:
      'A grade is evidence, not proof. Little sign of AI does not prove that a camera took it.',
    range: (rate: number, low: number, high: number): string =>
      `${l.percent(rate)} (${l.percent(low)} to ${l.percent(high)})`,
    /** What was found in one image, for another machine to check. */
    receipt: {
      json: 'Receipt of this image (JSON)',
      print: 'Receipt of this image, to print',
      title: 'Receipt of an image analysis',
      back: 'Close the receipt',
      facts: {
        sha256: 'SHA-256 of the receipt',
        time: 'Created',
        version: 'Version of clipsight',
        file: 'SHA-256 of the image file',
        verdict: 'Result',
        viewLogits: 'Logit of each view',
        viewsSha256: 'SHA-256 of what the model was shown',
        threshold: 'Threshold',
      },
      check: 'How to check it',
      checkNote:
        'Save the receipt as JSON and keep the image file. On any computer, the command line of clipsight tells whether the receipt is unaltered, and analyses the image again to see whether it finds the same:',
      noSignature:
        'The hash in the receipt finds accidental changes. It is not a signature: it does not tell who made the receipt, or when.',
      text: 'The receipt itself',
    },
  },

  /** The stronger of the page's own models. */
  standard: {
    offer: (bytes: number): string =>
      `A stronger model is available. It is downloaded once from this site (${l.bytes(bytes)}); your images still stay on this device.`,
    beside: (bytes: number): string =>
      `Checked with the compact model. A stronger one is available (${l.bytes(bytes)}, downloaded once).`,
    privacy:
      'It is downloaded once from this site. Your images are still read on this device only, with the network locked.',
    use: 'Use the stronger model',
    reload: 'The page reloads, without the results that are on it now.',
    metered: (bytes: number): string =>
      `You chose the stronger model. It has not been downloaded (${l.bytes(bytes)}), to spare this connection. The compact model answers.`,
    stopped: (bytes: number): string =>
      `The download of the stronger model (${l.bytes(bytes)}) was stopped. The compact model answers.`,
    download: 'Download it now',
    fetching:
      'The stronger model is being downloaded, once. Images that you add meanwhile wait for it.',
    stop: 'Go on with the compact model',
    preparing:
      'The compact model answers while the stronger one gets ready. Its results are then checked again.',
    ready: 'The stronger model answers.',
    again: 'Checked with the compact model; the stronger one is checking it again.',
    failed: {
      fetch: 'The stronger model could not be downloaded. The compact model answers.',
      memory:
        'This device has too little memory for the stronger model. The compact model answers.',
      other: 'The stronger model does not run on this device. The compact model answers.',
    },
    retry: 'Try again',
    stay: 'Stay with the compact model',
  },

  /** Teaching the model with one's own images. */
  teach: {
    legend: 'Teaching',
    note: 'Show the model ten or more images of a generator that it misses, or of a camera or collection that it suspects. It learns from them on this device; nothing is uploaded.',
    open: 'Teach with your own images…',
    heading: 'Teach with these images',
    name: 'Name, such as the generator or the camera',
    unnamed: 'Taught head',
    label: 'All of these images are',
    labels: { ai: 'AI-generated', real: 'Not AI-generated' },
    chosen: (n: number): string =>
      l.plural(n, { one: '{n} image chosen.', other: '{n} images chosen.' }),
    alike: (n: number): string =>
      l.plural(n, {
        one: '{n} image nearly equals another and was not counted.',
        other: '{n} images nearly equal others and were not counted.',
      }),
    skipped: (n: number): string =>
      l.plural(n, {
        one: '{n} image could not be read or shows too little, and was left out.',
        other: '{n} images could not be read or show too little, and were left out.',
      }),
    tooFew: (least: number): string =>
      `Choose at least ${l.number(least)}; thirty or more teach better.`,
    start: 'Teach',
    working: 'Reading the images, then fitting and checking…',
    learned: 'What it learned',
    heldOut: 'Your images, each judged without having been learned from',
    check: 'The model’s own check set, which took no part',
    summary: (name: string, examples: number): string =>
      `${l.isolate(name)}, taught with ${l.plural(examples, { one: '{n} image', other: '{n} images' })}.`,
    judges: (name: string, examples: number): string =>
      `The taught head ${l.isolate(name)} judges (${l.plural(examples, { one: '{n} image', other: '{n} images' })}).`,
    change: (before: number, after: number, images: number): string =>
      `${l.number(after)} of ${l.number(images)} judged right; ${l.number(before)} before`,
    forgets:
      'It forgets more than it should: the check set loses over one point in a hundred. Discard it, or teach with more varied images.',
    keep: 'Use it',
    discard: 'Discard',
    undo: 'Use the model’s own again',
    save: 'Save as a file',
    load: 'Open a saved one…',
    again: 'Judged before the change; it is being checked again.',
    otherModel: 'This file was taught on another model. Choose that model, or teach this one.',
    noHead: 'This file is not a taught head, or it was altered.',
    notThis: 'The model that answers now cannot be taught. Choose the compact one.',
    failed: 'Teaching did not work.',
    noReferences:
      'A file that teaching needs could not be fetched. Check the connection and try again.',
  },

  settings: {
    open: 'Settings',
    heading: 'Settings',
    close: 'Close',
    apply: 'Apply and reload',
    reloadNote:
      'Model and device take effect when the page is reloaded. The results that are on it now will then be gone.',
    model: 'Model',
    modelCompact: 'Compact, included with the page',
    modelStandard: (bytes: number): string => `Standard: stronger (${l.bytes(bytes)})`,
    modelOther: 'Another, by the address of its model.json',
    modelAddress: 'Address of model.json',
    modelBad: 'That is not the address of a model: it must begin with https:// and end with .json.',
    device: 'Runs on',
    devices: { auto: 'Whatever suits this device', webgpu: 'GPU, through WebGPU', cpu: 'CPU' },
    views: 'Views of each image',
    viewsOptions: { model: 'The model’s default', 1: 'Only one: faster', 5: 'All five: slower' },
    viewsNote: 'Applies to images added from now on.',
    look: 'Page',
    language: 'Language',
    theme: 'Appearance',
    automatic: 'Same as the browser',
    themes: { light: 'Light', dark: 'Dark' },
    history: 'Keep a history on this device',
  },

  budget: {
    heading: 'False alarms',
    note: 'How many images that are not AI-generated may be marked? The fewer you allow, the more AI-generated ones go unmarked.',
    label: 'At most',
    none: 'Mark nothing',
    option: (rate: number): string => `${l.percent(rate)} of images that are not AI-generated`,
    threshold: (threshold: number): string =>
      `Marked: a probability of ${l.number(threshold * 100, 1)} % or more.`,
    measured: (
      { rate, low, high, n }: { rate: number; low: number; high: number; n: number },
      found: { rate: number; low: number; high: number; n: number },
    ): string =>
      `Measured on images that played no part in choosing it: of ${l.number(n)} not AI-generated, ${l.percent(rate)} were marked ` +
      `(${l.percent(low)} to ${l.percent(high)}); of ${l.number(found.n)} AI-generated, ${l.percent(found.rate)} ` +
      `(${l.percent(found.low)} to ${l.percent(found.high)}).`,
    baseRate: 'How many of your images are AI-generated?',
    effect: (share: number, right: number): string =>
      `If ${l.percent(share)} of your images are AI-generated, then of ${l.number(100)} marked ones about ` +
      `${l.number(Math.round(right * 100))} are.`,
    unknown: 'This has not been measured for this model.',
    views: 'The rates were measured with the model’s default number of views.',
  },

  history: {
    open: 'History',
    heading: 'History',
    note: 'Names and results, without the pictures, kept by this browser on this device only.',
    empty: 'Nothing yet.',
    off: 'Off. Turn it on in the settings.',
    wipe: 'Clear',
    wiped: 'The history has been cleared.',
    refused: 'This browser does not give the page any storage, so there is no history.',
    count: (n: number): string => l.plural(n, { one: '{n} result', other: '{n} results' }),
    newest: (n: number): string => `The newest ${l.number(n)} are shown.`,
  },

  offline: {
    ready: 'Works offline from now on.',
    update: 'A new version of this page is ready.',
    reload: 'Reload',
  },
});

/** What every language has. */
export type Strings = ReturnType<typeof en>;
