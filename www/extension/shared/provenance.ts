/** What the sandboxed frame may answer of a file's provenance: as for an analysis. */
import type { Provenance } from 'clipsight';
import * as v from 'valibot';
import { schemaOf } from './schema.js';

/** Bounds of the core (src/limits.rs), which shortens a text and adds an ellipsis. */
const MAX_TEXT = 4097;
const MAX_STATEMENTS = 256;
const MAX_MANIFESTS = 256;

const words = v.pipe(v.string(), v.maxLength(2 * MAX_TEXT));
const optional = v.exactOptional(words);

const list = <S extends v.GenericSchema>(item: S, most: number) =>
  v.pipe(v.array(item), v.maxLength(most), v.readonly());

const claim = v.picklist([
  'generated',
  'partly-generated',
  'possibly-generated',
  'generator-named',
  'composite',
  'screen-capture',
  'captured',
  'created',
  'edited',
]);

const container = v.picklist(['content-credentials', 'xmp', 'exif', 'iptc', 'png-text', 'comment']);

const sourceType = v.picklist([
  'digitalCapture',
  'computationalCapture',
  'negativeFilm',
  'positiveFilm',
  'print',
  'humanEdits',
  'minorHumanEdits',
  'composite',
  'compositeCapture',
  'compositeSynthetic',
  'compositeWithTrainedAlgorithmicMedia',
  'trainedAlgorithmicMedia',
  'algorithmicMedia',
  'algorithmicallyEnhanced',
  'dataDrivenMedia',
  'digitalCreation',
  'digitalArt',
  'softwareImage',
  'screenCapture',
  'virtualRecording',
  'empty',
  'trainedAlgorithmicData',
]);

const statement = v.object({
  mark: v.picklist([
    'digital-source-type',
    'action',
    'ingredient',
    'aigc-label',
    'settings',
    'prompt',
    'ai-system',
    'software',
    'camera',
    'credit',
    'job-id',
    'signature',
    'generative-fill',
    'remote-manifest',
    'screenshot',
  ]),
  claim: v.nullable(claim),
  place: v.object({ container, field: words }),
  digitalSourceType: v.exactOptional(sourceType),
  names: optional,
  text: optional,
});

const software = v.object({ name: words, version: optional });

const action = v.object({
  action: words,
  softwareAgent: v.exactOptional(software),
  when: optional,
  digitalSourceType: v.exactOptional(sourceType),
  description: optional,
});

const ingredient = v.object({
  title: optional,
  format: optional,
  relationship: v.picklist(['parent', 'component', 'input', 'other']),
  manifest: optional,
  claim: v.exactOptional(claim),
});

const signal = v.picklist([
  'blankCanvas',
  'capturedMedia',
  'capturedMediaStitched',
  'compositionMayContainGenAI',
  'fullyGenAIMedia',
  'mediaUnknownProvenance',
  'nonGenAIDigitalCreation',
  'partlyGenAICreation',
  'screenCaptureMayContainGenAI',
  'editorialAI',
  'editorialNonAI',
  'editorialPossiblyGenAI',
  'nonEditorial',
]);

const manifest = v.object({
  label: words,
  active: v.boolean(),
  claimGenerator: list(software, MAX_MANIFESTS),
  title: optional,
  format: optional,
  actions: list(action, MAX_MANIFESTS),
  ingredients: list(ingredient, MAX_MANIFESTS),
  trainingMining: list(v.object({ entry: words, permission: words }), MAX_MANIFESTS),
  signals: list(signal, signal.options.length),
});

export const provenance = schemaOf<Provenance>()(
  v.object({
    format: v.picklist(['jpeg', 'png', 'webp', 'gif', 'bmp', 'tiff', 'avif', 'heif', 'jxl']),
    says: v.nullable(claim),
    contradictory: v.boolean(),
    contentCredentials: v.nullable(
      v.object({
        state: v.picklist(['unverified', 'trusted', 'unknown-signer', 'invalid']),
        manifests: list(manifest, MAX_MANIFESTS),
      }),
    ),
    statements: list(statement, MAX_STATEMENTS),
    unread: list(
      v.object({
        container,
        reason: v.picklist(['damaged', 'compressed', 'too-large', 'repeated']),
      }),
      MAX_STATEMENTS,
    ),
  }),
);
