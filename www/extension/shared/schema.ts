/**
 * Whatever crosses from one process to another is checked against a schema, and what is used
 * afterwards is the copy that the check makes: fields that no schema names are not in it.
 * (Every message is a structured clone or JSON, so that none can bring a prototype of its own.)
 */
import * as v from 'valibot';
import { MAX_IMAGE_BYTES, MAX_TEXT } from './limits.js';

export const number = v.pipe(v.number(), v.finite());

/** A share or a probability. */
export const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

/** A text that is shown, such as a name or a message. */
export const line = v.pipe(v.string(), v.maxLength(300));

/** A longer one, such as a file's name or an address. */
export const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));

/** Letters, digits and hyphens: what crypto.randomUUID makes. */
export const id = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/));

/** An encoded image. */
export const picture = v.pipe(v.instance(Blob), v.maxSize(MAX_IMAGE_BYTES));

/** The checked copy of a value, or undefined where it does not match. */
export function checked<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
): v.InferOutput<S> | undefined {
  const result = v.safeParse(schema, value, { abortEarly: true });
  return result.success ? result.output : undefined;
}

/**
 * Ties a schema to a type that is declared elsewhere: it does not compile unless the schema accepts
 * all values of the type and nothing else.
 */
export const schemaOf =
  <T>() =>
  <S extends v.GenericSchema<unknown, T>>(
    schema: S & ([T] extends [v.InferOutput<S>] ? unknown : never),
  ): v.GenericSchema<unknown, T> =>
    schema;
