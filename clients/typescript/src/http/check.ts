/** Looks at parsed JSON and gives it back with its type, or throws {@link CheckError}. The generated checks are made of these. */
export type Check<T> = (value: unknown) => T;

/** JSON that is not of the agreed form. */
export class CheckError extends Error {
  override readonly name = 'CheckError';
}

export const text: Check<string> = (value) => (typeof value === 'string' ? value : fail('a text is missing'));

export const boolean: Check<boolean> = (value) => (typeof value === 'boolean' ? value : fail('true or false is missing'));

export const integer = (least: number, most: number): Check<number> => (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most ? value : fail(`a number from ${least} to ${most} is missing`);

export const pattern = <T extends string>(form: RegExp): Check<T> => (value) => (typeof value === 'string' && form.test(value) ? (value as T) : fail(`a text of the form ${form.source} is missing`));

export const oneOf = <const T extends string>(...words: readonly T[]): Check<T> => (value) => words.find((word) => word === value) ?? fail(`one of ${words.join(', ')} is missing`);

export const orNull = <T>(check: Check<T>): Check<T | null> => (value) => (value === null ? null : check(value));

export const list = <T>(check: Check<T>, least: number, most: number): Check<readonly T[]> => (value) =>
  Array.isArray(value) && value.length >= least && value.length <= most ? value.map((entry: unknown) => check(entry)) : fail(`a list of ${least} to ${most} entries is missing`);

type Required<T> = { [K in keyof T as undefined extends T[K] ? never : K]: Check<T[K]> };
type Optional<T> = { [K in keyof T as undefined extends T[K] ? K : never]-?: Check<Exclude<T[K], undefined>> };

/** An object; members that nobody knows are left out, or refused where it is closed. */
export const object = <T>(required: Required<T>, optional: Optional<T>, closed: boolean): Check<T> => (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return fail('an object is missing');
  }
  const members = value as Readonly<Record<string, unknown>>;
  const checks: Readonly<Record<string, Check<unknown>>> = { ...required, ...optional };
  if (closed && Object.keys(members).some((name) => !Object.hasOwn(checks, name))) {
    return fail('an object has a member that nobody knows');
  }
  const checked = Object.entries(checks).filter(([name]) => Object.hasOwn(required, name) || Object.hasOwn(members, name));
  return Object.fromEntries(checked.map(([name, check]) => [name, check(Object.hasOwn(members, name) ? members[name] : undefined)])) as T;
};

function fail(why: string): never {
  throw new CheckError(why);
}
