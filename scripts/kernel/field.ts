// Generates kernel/generated/field.ts: products modulo p = 2^256 - 2^32 - 977, unrolled over 9 signed limbs of 29 bits.
// Limbs are i32, products are i64. The limbs of a result are in [0, 2^29); only the third may be outside, by at most 2^13. So the limbs of a difference of two
// results stay within +-2^29. A column has 9 terms for each product, and can contain the terms of three products of such values: 27 * 2^58 < 2^63.
const LIMBS = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;

/** An operand: the limbs at one pointer, or the difference of the limbs at two pointers, which saves a separate subtraction. */
type Operand = string | readonly [string, string];
interface Product {
  readonly a: Operand;
  /** The second factor; absent for a square. */
  readonly b?: Operand;
  readonly times?: number;
}
interface Formula {
  readonly name: string;
  /** The formula, for the comment on the function in the generated file. */
  readonly doc: string;
  readonly plus: Product;
  readonly minus?: Product;
  /** Values to subtract, named by their pointers, and how many times to subtract each. */
  readonly less?: Readonly<Record<string, number>>;
}

const FORMULAS: readonly Formula[] = [
  { name: 'mul', doc: 'a * b', plus: { a: 'a', b: 'b' } },
  { name: 'mulTwice', doc: '2 * a * b', plus: { a: 'a', b: 'b', times: 2 } },
  { name: 'sqr', doc: 'a^2', plus: { a: 'a' } },
  { name: 'sqrTwice', doc: '2 * a^2', plus: { a: 'a', times: 2 } },
  { name: 'sqrThrice', doc: '3 * a^2', plus: { a: 'a', times: 3 } },
  { name: 'mulSub', doc: 'a * b - c', plus: { a: 'a', b: 'b' }, less: { c: 1 } },
  { name: 'sqrSubTwice', doc: 'a^2 - 2 * c', plus: { a: 'a' }, less: { c: 2 } },
  { name: 'sqrSubSubTwice', doc: 'a^2 - c - 2 * d', plus: { a: 'a' }, less: { c: 1, d: 2 } },
  {
    name: 'mulSubSqrTwice',
    doc: 'a * (b - c) - 2 * d^2',
    plus: { a: 'a', b: ['b', 'c'] },
    minus: { a: 'd', times: 2 },
  },
  {
    name: 'mulSubMul',
    doc: 'a * (b - c) - d * e',
    plus: { a: 'a', b: ['b', 'c'] },
    minus: { a: 'd', b: 'e' },
  },
];

const pointers = (operand: Operand): readonly string[] => (typeof operand === 'string' ? [operand] : operand);
const nameOf = (operand: Operand): string => pointers(operand).join('_');
const load = (pointer: string, i: number): string => `<i64>load<i32>(${pointer}, ${4 * i})`;

/** Makes the `let` lines for the limbs of an operand. */
const limbs = (operand: Operand): string[] =>
  LIMBS.map((i) => {
    const [a, b] = pointers(operand);
    return `let ${nameOf(operand)}${i} = ${load(a!, i)}${b === undefined ? '' : ` - ${load(b, i)}`};`;
  });

interface Prepared {
  readonly lines: readonly string[];
  /** Makes the lines that must come before column `k`. */
  readonly before: (k: number) => readonly string[];
  /** Makes the terms of column `k`. */
  readonly column: (k: number) => readonly string[];
}

/** Returns the pairs (i, j) of limbs from `first` to `last` with i + j = k: the products x_i y_j of column k. */
const products = (k: number, first: number, last: number): readonly (readonly [number, number])[] =>
  LIMBS.map((i) => [i, k - i] as const).filter(([i, j]) => [i, j].every((n) => n >= first && n <= last));

/**
 * Makes the columns by Karatsuba's method, over the halves of the limbs, 0 to 4 and 5 to 8: 65 products instead of 81. L and H are the columns of the two
 * halves, D the columns of their difference; the mixed products are L + H - D. Limb 4 has no partner in the upper half, so its mixed product with itself is 0.
 * The parts may overflow modulo 2^64; their sum does not.
 */
const byHalves = (x: string, y: string): Pick<Prepared, 'before' | 'column'> => {
  const half = (k: number, first: number, last: number): string =>
    products(k, first, last)
      .map(([i, j]) => `${x}${i} * ${y}${j}`)
      .join(' + ');
  const difference = (i: number): string => (i === 4 ? '4' : `d${i}`); // there is no limb 9
  const mixed = (k: number): string =>
    products(k, 0, 4)
      .filter(([i, j]) => i + j < 8)
      .map(([i, j]) => ` - ${x}${difference(i)} * ${y}${difference(j)}`)
      .join('');
  const [low, high] = [(k: number): string => half(k, 0, 4), (k: number): string => half(k + 10, 5, 8)];
  const name = (part: 'l' | 'h', k: number): string => `${x}${y}${part}${k}`;
  const written = new Set<string>();
  /** Returns the code line that declares a sum, at the first call for that sum. Later calls return nothing, because all columns share the sum. */
  const once = (part: 'l' | 'h', k: number): string[] => {
    const sum = part === 'l' ? low(k) : high(k);
    if (sum === '' || written.has(name(part, k))) return [];
    written.add(name(part, k));
    return [`let ${name(part, k)} = ${sum};`];
  };
  const parts = (k: number): (readonly ['l' | 'h', number])[] =>
    ([['l', k], ['l', k - 5], ['h', k - 5], ['h', k - 10]] as const).filter(([part, i]) =>
      part === 'l' ? low(i) !== '' && k !== 13 : high(i) !== ''); // prettier-ignore
  return {
    before: (k) => parts(k).flatMap(([part, i]) => once(part, i)),
    column: (k) => {
      const sum = parts(k).map(([part, i]) => name(part, i));
      return [`(${sum.join(' + ')}${mixed(k - 5)})`];
    },
  };
};

const prepare = ({ a, b, times = 1 }: Product): Prepared => {
  const x = nameOf(a);
  if (b !== undefined) {
    const y = nameOf(b);
    const scaled = times === 1 ? [] : LIMBS.map((i) => `${x}${i} *= ${times};`);
    const differences = [x, y].flatMap((z) => [0, 1, 2, 3].map((i) => `let ${z}d${i} = ${z}${i} - ${z}${i + 5};`));
    return { lines: [...limbs(a), ...limbs(b), ...scaled, ...differences], ...byHalves(x, y) };
  }
  // In a square, x_i x_j and x_j x_i are equal, so the product is computed once, with one factor doubled.
  const doubled = LIMBS.slice(1).map((i) => `let ${x}x${i} = ${2 * times} * ${x}${i};`);
  const scaled = times === 1 ? [] : LIMBS.map((i) => `let ${x}s${i} = ${times} * ${x}${i};`);
  return {
    lines: [...limbs(a), ...doubled, ...scaled],
    before: () => [],
    column: (k) =>
      products(k, 0, 8)
        .filter(([i, j]) => i <= j)
        .map(([i, j]) => (i < j ? `${x}${i} * ${x}x${j}` : `${x}${i} * ${x}${times === 1 ? '' : 's'}${j}`)),
  };
};

/**
 * Makes the lines that reduce columns i and i + 9 together. Modulo p, 2^261 = 2^37 + 31264. So the value of column i + 9 is added 31264 times to column i and
 * 256 times to column i + 1. At the end, the part above 2^256 is added again, 977 times to limb 0 and 8 times to limb 1.
 */
const reduction = (
  column: (k: number) => string,
  less: (i: number) => string,
  before: (k: number) => readonly string[],
): string[] => {
  const lines = ['let lo: i64 = 0, hi: i64 = 0;'];
  for (const i of LIMBS.slice(0, 8)) {
    lines.push(
      ...before(i + 9),
      ...before(i),
      `hi = (hi >> 29) + (${column(i + 9)});`,
      `let u${i} = hi & MASK;`,
      `lo = (lo >> 29) + (${column(i)}${less(i)} + 31264 * u${i}${i === 0 ? '' : ` + (u${i - 1} << 8)`});`,
      `let r${i} = lo & MASK;`,
    );
  }
  return [
    ...lines,
    ...before(8),
    'hi >>= 29;',
    `lo = (lo >> 29) + (${column(8)}${less(8)} + 31264 * hi + (u7 << 8));`,
    'let r8 = lo & TOP;',
    'let t = (lo >> 24) + (hi << 13);',
    'lo = r0 + 977 * t;',
    'r0 = lo & MASK;',
    'lo = (lo >> 29) + r1 + (t << 3);',
    'r1 = lo & MASK;',
    'r2 += lo >> 29;',
  ];
};

/** Returns the source text of an upper bound of one product. The debug build asserts that the sum of these bounds fits (kernel/bounds.ts). */
const unit = ({ a, b = a, times = 1 }: Product): string => {
  const size = (operand: Operand): string =>
    typeof operand === 'string' ? `largest(${operand})` : `largestDifference(${operand.join(', ')})`;
  return `${times} * ${size(a)} * ${size(b)}`;
};

const formula = ({ name, doc, plus, minus, less = {} }: Formula): string => {
  const [p, m] = [prepare(plus), minus === undefined ? undefined : prepare(minus)];
  const column = (k: number): string =>
    p.column(k).join(' + ') + (m === undefined ? '' : m.column(k).map((t) => ` - ${t}`).join('')); // prettier-ignore
  const subtract = (i: number): string =>
    Object.entries(less)
      .map(([c, n]) => ` - ${n === 1 ? '' : `${n} * `}${load(c, i)}`)
      .join('');
  const used = [plus, minus].flatMap((t) => (t === undefined ? [] : [t.a, t.b ?? t.a])).flatMap(pointers);
  const parameters = [...new Set([...used, ...Object.keys(less)])].sort();
  const bound = [plus, minus].flatMap((t) => (t === undefined ? [] : [unit(t)])).join(' + ');
  return [
    `/** o = ${doc} */`,
    `export function ${name}(${['o', ...parameters].map((q) => `${q}: usize`).join(', ')}): void {`,
    `if (!ASC_NO_ASSERT) assert(fits(${bound}));`,
    ...p.lines,
    ...(m?.lines ?? []),
    ...reduction(column, subtract, (k) => [...p.before(k), ...(m?.before(k) ?? [])]),
    ...LIMBS.map((i) => `store<i32>(o, <i32>r${i}, ${4 * i});`),
    'if (!ASC_NO_ASSERT) assert(reduced(o));',
    '}',
  ].join('\n');
};

/** Makes the function for many squarings in a row, which keeps the limbs in local variables. */
const squarings = (): string => {
  const p = prepare({ a: 'a' });
  return [
    '/** o = a^(2^n), n at least 1 */',
    'export function sqrs(o: usize, a: usize, n: i32): void {',
    'if (!ASC_NO_ASSERT) assert(fits(largest(a) * largest(a)));',
    ...limbs('a'),
    'do {',
    ...p.lines.slice(9),
    ...reduction((k) => p.column(k).join(' + '), () => '', () => []), // prettier-ignore
    ...LIMBS.map((i) => `a${i} = r${i};`),
    '} while (--n > 0);',
    ...LIMBS.map((i) => `store<i32>(o, <i32>a${i}, ${4 * i});`),
    'if (!ASC_NO_ASSERT) assert(reduced(o));',
    '}',
  ].join('\n');
};

export const fieldSource = (): string =>
  [
    '// Generated by scripts/kernel/field.ts.',
    "import { fits, largest, largestDifference, reduced } from '../bounds';",
    'const MASK: i64 = 0x1fffffff;',
    'const TOP: i64 = 0xffffff;',
    ...FORMULAS.map(formula),
    squarings(),
  ].join('\n');
