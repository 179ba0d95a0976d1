// Labels of record versions: checks that the identity that made a wrap signed the hash of its label, and opens the labels in lists.
import type { Answer, Body } from '../../api/routes.ts';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import { labelHash, type Label } from '../../envelope/label.ts';
import { readLabel } from '../../envelope/wrap.ts';
import type { Decapsulator } from '../../envelope/x-wing.ts';
import type { Statement } from '../../statements/kinds.ts';
import type { GrantWithCells } from '../access/verify-grant.ts';
import type { Context } from '../session/context.ts';
import { check, ClientError } from '../session/errors.ts';
import type { CallOptions } from '../session/transport.ts';
import { grantedCompanion, ownCompanion } from './companion-keys.ts';
import { ownCell } from './folders.ts';
import { cellsWith } from './granted-cells.ts';

/** The parts of a listed version that carry its label. A deleted version has none. */
type LabelView = Pick<Answer<'list-records'>['records'][number], 'companionCiphertext' | 'label'>;
/** The parts of a wrap that carry its label, base64url. */
type LabelParts = Pick<Body<'commit-record'>['wrap'], 'companionCiphertext' | 'label'>;

/** A cell for which a version is wrapped. */
export interface LabelCell {
  readonly statement: Statement<'folder'>;
  readonly companion: () => Promise<Decapsulator>;
}

/** Finds the cell of the version's wrap that has this label. Undefined if the reader cannot read the cell. */
export type LabelReader = (version: Statement<'record'>, label: LabelParts) => Promise<LabelCell | undefined>;

const isUnknown = (error: unknown): boolean =>
  error instanceof ClientError && (error.code === 'unknown-cell' || error.code === 'not-mine');

/** Reads labels with the patient's own keys. */
export const ownLabels = (ctx: Context, options: CallOptions): LabelReader => {
  const cells = new Map<string, Promise<LabelCell | undefined>>();
  const find = async ({ payload: { folder, epoch } }: Statement<'record'>): Promise<LabelCell | undefined> => {
    try {
      const statement = await ownCell(ctx, folder, epoch, options);
      return { statement, companion: () => ownCompanion(ctx, statement) };
    } catch (error) {
      // The patient has no such cell, so the author did not seal the version to a key of the patient.
      if (isUnknown(error)) return undefined;
      throw error;
    }
  };
  return (version) => {
    const name = `${version.payload.folder}#${version.payload.epoch}`;
    const cell = cells.get(name) ?? find(version);
    cells.set(name, cell);
    return cell;
  };
};

/** Whether the author, or for a single-record folder the patient, signed the hash of this label for the cell. */
const isSignedLabel = (
  { payload: version }: Statement<'record'>,
  { payload: cell }: Statement<'folder'>,
  { companionCiphertext, label }: LabelParts,
): boolean => {
  const hash = labelHash(fromBase64url(companionCiphertext), fromBase64url(label));
  const isHome = cell.folder === version.folder && cell.epoch === version.epoch;
  return toBase64url(hash) === (isHome ? version.label : cell.single?.label);
};

/**
 * Reads labels with the companion keys of a grant to read. A grant may have several wraps of one version, each with its own label. The cell is the one for
 * which this label was signed.
 */
export const grantedLabels =
  (ctx: Context, grant: GrantWithCells): LabelReader =>
  (version, parts) => {
    const cells = cellsWith(grant, version);
    const cell = cells.find((c) => isSignedLabel(version, c.statement, parts)) ?? cells[0];
    return Promise.resolve(cell && { statement: cell.statement, companion: () => grantedCompanion(ctx, grant, cell) });
  };

/**
 * Checks that the label in a wrap is the signed one. For the cell in which the version was filed, the record statement has the label hash. For a single-record
 * folder, the folder statement has it.
 * @throws {ClientError} `unverified` (`label`)
 */
export const verifyLabel = (version: Statement<'record'>, cell: Statement<'folder'>, parts: LabelParts): void =>
  check('label', isSignedLabel(version, cell, parts));

/**
 * Opens the label of a listed version.
 * @returns undefined if the answer has none, if the reader cannot read the cell, or if the label does not open, because its author sealed it wrongly
 * @throws {ClientError} `unverified` (`label`, `companion`)
 */
export const openListedLabel = async (
  version: Statement<'record'>,
  view: LabelView,
  cellOf: LabelReader,
): Promise<Label | undefined> => {
  const { companionCiphertext, label } = view;
  if (companionCiphertext === undefined || label === undefined) return undefined;
  const cell = await cellOf(version, { companionCiphertext, label });
  if (cell === undefined) return undefined;
  verifyLabel(version, cell.statement, { companionCiphertext, label });
  const { patient, record, version: number } = version.payload;
  const { folder, epoch } = cell.statement.payload;
  const parts = { companionCiphertext: fromBase64url(companionCiphertext), label: fromBase64url(label) };
  return readLabel(parts, await cell.companion(), { patient, record, version: number, folder, epoch });
};
