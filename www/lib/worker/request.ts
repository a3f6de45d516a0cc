import { FIDELITIES, isRectangle } from '../api/arguments.js';
import { isBlob, isBytes, isUint8Array } from '../api/brands.js';
import type { Cancel, Request } from './rpc.js';

/**
 * Whether a message is a call with the parameters it needs. Own properties only: what a forged
 * message inherits does not count. The page's side checks what callers pass; this keeps anything
 * else from reaching WebAssembly.
 */
export function isRequest(message: unknown): message is Request {
  const id = own(message, 'id');
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) return false;
  const params = own(message, 'params');
  switch (own(message, 'call')) {
    case 'load':
      return isLoad(params);
    case 'analyze':
      return isAnalyze(params);
    case 'verify':
      return isVerify(params);
    case 'provenance':
      return isImage(params) && isBuilds(own(params, 'builds'));
    case 'example':
      return isImage(params);
    case 'teach':
      return isTeach(params);
    case 'head':
      return isUint8Array(own(params, 'bytes'));
    default:
      return false;
  }
}

/** Whether a message ends a call. */
export function isCancel(message: unknown): message is Cancel {
  return own(message, 'call') === 'cancel' && Number.isSafeInteger(own(message, 'id'));
}

function isLoad(params: unknown): boolean {
  const model = own(params, 'model');
  const files = own(model, 'files');
  const shards = own(model, 'shards');
  const addresses =
    typeof own(model, 'manifest') === 'string' &&
    isRecordOf(files, (file) => typeof file === 'string') &&
    typeof own(model, 'name') === 'string' &&
    isOneOf(own(model, 'cache'), ['cache-storage', 'opfs', 'none']);
  const inHand = isBytes(own(model, 'manifest')) && Array.isArray(shards) && shards.every(isBlob);
  const module = own(params, 'module');
  return (
    (addresses || inHand) &&
    ['builds', 'decoders'].every((name) => isBuilds(own(params, name))) &&
    isOneOf(own(params, 'device'), ['auto', 'webgpu', 'cpu']) &&
    (module === undefined || module instanceof WebAssembly.Module)
  );
}

function isAnalyze(params: unknown): boolean {
  return (
    isImage(params) &&
    isOneOf(own(params, 'fidelity'), FIDELITIES) &&
    isOneOf(own(params, 'views'), [undefined, 1, 5]) &&
    isOneOf(own(params, 'provenance'), [true, false]) &&
    isOneOf(own(params, 'explain'), [undefined, true, false]) &&
    isOneOf(own(params, 'stability'), [undefined, 'say', 'abstain']) &&
    isCrop(own(params, 'crop')) &&
    (own(params, 'head') === undefined || isHead(own(params, 'head')))
  );
}

function isHead(head: unknown): boolean {
  return typeof own(head, 'sha256') === 'string' && isUint8Array(own(head, 'bytes'));
}

function isTeach(params: unknown): boolean {
  const examples = own(params, 'examples');
  return (
    isUint8Array(own(params, 'references')) &&
    Array.isArray(examples) &&
    examples.every((example) => example instanceof Float32Array) &&
    isOneOf(own(params, 'label'), ['ai', 'real']) &&
    typeof own(params, 'name') === 'string'
  );
}

/** A part of an image, or nothing. */
function isCrop(crop: unknown): boolean {
  if (crop === undefined) return true;
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => own(crop, name));
  return isRectangle({ x, y, width, height });
}

/** An image, and its bounds. */
function isImage(params: unknown): boolean {
  const input = own(params, 'input');
  const limits = own(params, 'limits');
  return (
    (isBlob(input) || isBytes(input)) &&
    ['maxBytes', 'maxSide', 'maxPixels'].every((name) => Number.isSafeInteger(own(limits, name)))
  );
}

function isVerify(params: unknown): boolean {
  const input = own(params, 'input');
  const verifier = own(params, 'verifier');
  const anchors = own(params, 'anchors');
  return (
    (isBlob(input) || isBytes(input)) &&
    Number.isSafeInteger(own(params, 'maxBytes')) &&
    (typeof verifier === 'string' || isBytes(verifier)) &&
    typeof anchors === 'object' &&
    anchors !== null &&
    ['signers', 'timeStamps'].every((name) =>
      isOneOf(typeof own(anchors, name), ['undefined', 'string']),
    )
  );
}

/** Addresses or bytes of WebAssembly files. */
function isBuilds(value: unknown): boolean {
  return isRecordOf(value, (file) => typeof file === 'string' || isBytes(file));
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function isOneOf(value: unknown, allowed: readonly unknown[]): boolean {
  return allowed.includes(value);
}

function isRecordOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(isItem);
}
