// Shows what a client shows to its user, and checks it: whatever a client returns without an error must be true by the facts of the life.
import { fromUtf8 } from '../../../lib/bytes/codec.ts';
import type { RecordId } from '../../../lib/bytes/ids.ts';
import type { Grant, OpenedRecord, RecordInfo, TrailEntry } from '../../../lib/client/index.ts';
import type { Kind, Payload, Statement } from '../../../lib/statements/kinds.ts';
import { claimOf } from '../../../lib/statements/verify.ts';
import type { Device } from './device.ts';
import type { FactGrant, Facts, Given } from './facts.ts';
import { KEYS } from './judge-sent-calls.ts';

/** The data that a view needs. A view returns the faults in what the client showed, so an empty list if all was true. */
export interface Scene {
  readonly facts: Facts;
  readonly device: Device;
  readonly pick: number;
}
type View = (scene: Scene) => Promise<readonly string[]>;

const at = <T>(from: readonly T[], pick: number): T | undefined => from[pick % Math.max(1, from.length)];

/** Returns the fault if the condition is false. */
const holds = (condition: boolean, fault: string): readonly string[] => (condition ? [] : [fault]);

const givenTo = ({ facts, device }: Scene): Given => facts.given(device.head().hash);

const isSameList = (a: readonly string[], b: readonly string[]): boolean => a.join() === b.join();

const falseGrant = (shown: Grant, fact: FactGrant | undefined): readonly string[] => {
  if (fact === undefined) return ['a grant is shown that the chain does not give'];
  const tip = (fact.extensions.at(-1) ?? fact.statement).hash;
  const isPaused = fact.holds % 2 === 1;
  return [
    ...holds(shown.statement.hash === fact.statement.hash, 'a grant is shown with another statement'),
    ...holds(shown.holds === fact.holds && shown.tip === tip, 'a grant is shown with false holds or extensions'),
    ...holds(!fact.isRevoked || shown.state === 'revoked', 'a revoked grant is shown as another one'),
    ...holds(shown.state !== 'paused' || isPaused, 'a grant is shown as paused'),
    ...holds(shown.state !== 'active' || !isPaused, 'a paused grant is shown as active'),
  ];
};

/** Checks the records that a list shows: each was filed, none that an earlier list had is missing, and none has an older version than there. */
const falseRecords = (
  { facts, device }: Scene,
  list: string,
  infos: readonly RecordInfo[],
  isDeleted: (id: RecordId) => boolean,
): readonly string[] => {
  const shown = device.shown();
  const newest = new Map<string, number>();
  const faults = infos.flatMap((i) => {
    const name = `${list}|${i.record}`;
    newest.set(name, Math.max(i.version, newest.get(name) ?? 0));
    const signed = facts.signed.get(i.statement.hash)?.payload as Payload<'record'> | undefined;
    return [
      ...holds(signed?.record === i.record && signed.version === i.version, 'a record is shown that nobody filed'),
      ...holds(i.state !== 'deleted' || isDeleted(i.record), 'a record is shown as deleted'),
    ];
  });
  for (const [name, version] of shown) {
    if (!name.startsWith(`${list}|`) || isDeleted(name.slice(list.length + 1) as RecordId)) continue;
    if ((newest.get(name) ?? 0) < version) faults.push('a record is missing, or older than it was');
  }
  for (const [name, version] of newest) shown.set(name, Math.max(version, shown.get(name) ?? 0));
  return faults;
};

const falseContent = async ({ facts }: Scene, asked: readonly RecordInfo[], opened: readonly OpenedRecord[]) => {
  const faults: string[] = [...holds(opened.length === asked.length, 'not all records were opened')];
  for (const [i, o] of opened.entries()) {
    const filed = facts.filed.get(o.statement.hash);
    faults.push(...holds(o.statement.hash === asked[i]?.statement.hash, 'another record was opened'));
    faults.push(...holds(o.metadata.title === filed?.title, 'a title is false'));
    const text = fromUtf8(new Uint8Array(await new Response(o.stream()).arrayBuffer()));
    faults.push(...holds(text === filed?.text, 'a text is false'));
  }
  return faults;
};

/** The kind of statement behind each kind of event. */
const CAUSES: Readonly<Record<TrailEntry['kind'], Kind>> = {
  registered: 'identity',
  'folder-created': 'folder',
  'epoch-started': 'folder',
  'record-filed': 'record',
  'record-deleted': 'deletion',
  'access-requested': 'request',
  'request-denied': 'denial',
  'request-withdrawn': 'withdrawal',
  'access-granted': 'grant',
  'grant-extended': 'extension',
  'grant-paused': 'pause',
  'grant-resumed': 'resumption',
  'grant-revoked': 'revocation',
  'grant-returned': 'return',
  'records-opened': 'opening',
};

/** Whether the event agrees with the statement in each member that both have. */
const agrees = ({ subject }: TrailEntry, { payload }: Statement): boolean => {
  const p = payload as Record<string, unknown>;
  const idOf = (value: unknown): unknown =>
    typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : value;
  const same = (['grant', 'folder', 'epoch', 'request', 'opening', 'right', 'purpose'] as const).every(
    (name) => subject[name] === undefined || p[name] === undefined || idOf(p[name]) === subject[name],
  );
  const records = (p['records'] ?? (p['record'] === undefined ? [] : [p])) as readonly { readonly record: string }[];
  const named = subject.records?.map((r) => r.record) ?? [];
  return (
    same &&
    (p['records'] === undefined && p['record'] === undefined
      ? true
      : isSameList(
          named,
          records.map((r) => r.record),
        ))
  );
};

const falseTrail = ({ facts }: Scene, trail: readonly TrailEntry[], known: Given): readonly string[] => {
  const faults = trail.flatMap((e) => {
    const s = facts.signed.get(e.statement);
    if (s === undefined) return ['an event is shown without a statement behind it'];
    return [
      ...holds(
        s.kind === CAUSES[e.kind] && claimOf(s.jws).signer === e.actor,
        'an event is shown with another statement',
      ),
      ...holds(agrees(e, s), 'an event is shown that differs from its statement'),
    ];
  });
  const named = trail.map((e) => e.statement);
  faults.push(...holds(new Set(named).size === named.length, 'a statement has two events'));
  const acts = [...known.statements.keys()].filter((hash) => !known.withCell.has(hash));
  const inTrail = new Set(named);
  faults.push(
    ...holds(
      acts.every((hash) => inTrail.has(hash)),
      'the trail shown lacks an act of the patient',
    ),
  );
  const order = named.filter((hash) => known.statements.has(hash));
  const place = new Map([...known.statements.keys()].map((hash, i) => [hash, i]));
  faults.push(
    ...holds(
      order.every((h, i) => i === 0 || place.get(order[i - 1]!)! < place.get(h)!),
      'acts are shown in another order',
    ),
  );
  return faults;
};

const keep = (all: Grant[], grant: Grant) => [...all.filter((g) => g.id !== grant.id), grant];

export const PATIENT_VIEWS: Readonly<Record<string, View>> = {
  folders: async (scene) => {
    const shown = await scene.device.patient().listFolders();
    const facts = [...givenTo(scene).folders.values()].map((cells) => cells.at(-1)!);
    return holds(
      isSameList(
        shown.map((f) => f.statement.hash),
        facts.map((f) => f.hash),
      ),
      'folders are false',
    );
  },
  grants: async (scene) => {
    const shown = await scene.device.patient().listGrants();
    scene.device.seen.grants = shown;
    const { grants } = givenTo(scene);
    return [
      ...holds(
        isSameList(
          shown.map((g) => g.id),
          [...grants.keys()],
        ),
        'the list of grants is false',
      ),
      ...shown.flatMap((g) => falseGrant(g, grants.get(g.id))),
    ];
  },
  grant: async (scene) => {
    const grant = at(scene.device.seen.grants, scene.pick);
    if (grant === undefined) return [];
    const shown = await scene.device.patient().getGrant(grant.id);
    scene.device.seen.grants = keep([...scene.device.seen.grants], shown);
    return falseGrant(shown, givenTo(scene).grants.get(shown.id));
  },
  requests: async (scene) => {
    const shown = await scene.device.patient().listRequests();
    scene.device.seen.requests = shown;
    const { answers, grants } = givenTo(scene);
    return shown.flatMap((r) => {
      const answer = answers.get(r.id);
      const by = [...grants.values()].filter((g) => g.statement.payload.request?.id === r.id);
      return [
        ...holds(scene.facts.signed.has(r.statement.hash), 'a request is shown that nobody made'),
        ...holds(
          answer === undefined ? !['approved', 'denied'].includes(r.state) : r.state === answer,
          'an answer is false',
        ),
        ...holds(
          isSameList(
            r.grants,
            by.map((g) => g.statement.payload.grant),
          ),
          'the grants of a request are false',
        ),
      ];
    });
  },
  records: async (scene) => {
    const folder = at([...givenTo(scene).folders.keys()], scene.pick);
    if (folder === undefined) return [];
    const shown = await scene.device.patient().listRecords(folder);
    scene.device.seen.records = shown;
    const { deletions } = givenTo(scene);
    return [
      ...holds(!shown.some((i) => deletions.has(i.record)), 'a deleted record is listed'),
      ...holds(
        shown.every((i) => i.folder === folder),
        'a record is in another folder',
      ),
      ...falseRecords(scene, folder, shown, (id) => deletions.has(id)),
    ];
  },
  versions: async (scene) => {
    const record = at(scene.device.seen.records, scene.pick);
    if (record === undefined) return [];
    const shown = await scene.device.patient().listVersions(record.record);
    const { deletions } = givenTo(scene);
    const newest = scene.device.shown().get(`${record.folder}|${record.record}`) ?? 0;
    return [
      ...holds(
        shown.every((v, i) => v.record === record.record && v.version === i + 1),
        'versions are missing',
      ),
      ...holds(
        shown.every((v) => scene.facts.signed.has(v.statement.hash)),
        'a version is shown that nobody filed',
      ),
      ...holds(
        shown.every((v) => (v.state === 'deleted') === deletions.has(v.record)),
        'a version has a false state',
      ),
      ...holds(shown.length >= newest || deletions.has(record.record), 'the newest version is missing'),
    ];
  },
  open: async (scene) => {
    const record = at(scene.device.seen.records, scene.pick);
    if (record === undefined) return [];
    return falseContent(scene, [record], await scene.device.patient().open([record]));
  },
  audit: async (scene) => {
    const before = givenTo(scene);
    return falseTrail(scene, await scene.device.patient().audit({ fromStart: scene.pick % 2 === 0 }), before);
  },
  openings: async (scene) => {
    const shown = await scene.device.patient().openings();
    const signed = [...scene.facts.signed.values()].filter((s): s is Statement<'opening'> => s.kind === 'opening');
    const { grants } = givenTo(scene);
    return shown.flatMap((o) => {
      const by = signed.filter(
        (s) =>
          s.payload.opener === o.opener &&
          s.payload.records.some((r) => r.record === o.record && r.version === o.version),
      );
      const purposes = by.map(({ payload: { grant } }) =>
        grant === undefined ? undefined : grants.get(grant)?.statement.payload.purpose,
      );
      return holds(purposes.includes(o.purpose), 'an opening is shown that nobody asked for');
    });
  },
  checkpoint: async (scene) => {
    const { entry } = await scene.device.patient().checkpoint();
    return holds(entry !== undefined && givenTo(scene).entries.has(entry.hash), 'a checkpoint names another chain');
  },
  export: async (scene) => {
    await scene.device.patient().exportFhir();
    return [];
  },
};

const genuine = ({ facts }: Scene, grant: Pick<Grant, 'statement'>): boolean => facts.signed.has(grant.statement.hash);

const deletedBy = ({ facts }: Scene) => {
  const deleted = new Set(
    [...facts.signed.values()].flatMap((s) =>
      s.kind === 'deletion' ? [(s.payload as Payload<'deletion'>).record] : [],
    ),
  );
  return (id: RecordId) => deleted.has(id);
};

export const RECIPIENT_VIEWS: Readonly<Record<string, View>> = {
  grants: async (scene) => {
    const shown = await scene.device.recipient().listGrants();
    scene.device.seen.grants = shown;
    return [
      ...holds(
        shown.every((g) => genuine(scene, g)),
        'a grant is shown that nobody gave',
      ),
      ...holds(
        shown.every((g) => g.recipient === scene.device.subject.id),
        'a grant of others is shown',
      ),
    ];
  },
  grant: async (scene) => {
    const { device, facts } = scene;
    const known = at(device.seen.grants, scene.pick);
    if (known === undefined) return [];
    const shown = await device.recipient().grant(known.id, KEYS.patient.id);
    device.seen.details = [...device.seen.details.filter((g) => g.id !== shown.id), shown];
    const isNow = shown.right !== 'read' && !['revoked', 'expired', 'exhausted'].includes(shown.state);
    const highest = (folder: string): number => device.subject.epochs.get(folder) ?? 0;
    const faults = [
      ...holds(genuine(scene, shown) && shown.id === known.id, 'a grant is shown that nobody gave'),
      ...holds(
        shown.cells.every((c) => facts.signed.has(c.statement.hash)),
        'a cell is shown that nobody made',
      ),
      ...holds(
        shown.cells.every(
          (c) => facts.read(c.by).hash === known.statement.hash || facts.signed.has(facts.read(c.by).hash),
        ),
        'an extension is shown that nobody signed',
      ),
      ...holds(
        !isNow || shown.cells.every((c) => c.epoch >= highest(c.folder)),
        'an old cell is shown as the current one',
      ),
    ];
    if (isNow) for (const c of shown.cells) device.subject.epochs.set(c.folder, Math.max(c.epoch, highest(c.folder)));
    return faults;
  },
  requests: async (scene) => {
    const shown = await scene.device.recipient().listRequests();
    scene.device.seen.requests = shown;
    return holds(
      shown.every((r) => scene.facts.signed.has(r.statement.hash) && r.recipient === scene.device.subject.id),
      'a request is shown that nobody made',
    );
  },
  records: async (scene) => {
    const grant = at(scene.device.seen.details, scene.pick);
    const folder = grant && at([...new Set(grant.cells.map((c) => c.folder))], scene.pick);
    if (grant === undefined || folder === undefined) return [];
    const shown = await scene.device.recipient().listRecords(grant, folder);
    scene.device.seen.records = shown;
    return falseRecords(scene, `${grant.id}/${folder}`, shown, deletedBy(scene));
  },
  versions: async (scene) => {
    const grant = at(scene.device.seen.details, scene.pick);
    const record = at(scene.device.seen.records, scene.pick);
    if (grant === undefined || record === undefined) return [];
    const shown = await scene.device.recipient().listVersions(grant, record.record);
    const isDeleted = deletedBy(scene);
    return [
      ...holds(
        shown.every((v) => v.record === record.record && scene.facts.signed.has(v.statement.hash)),
        'a version is shown that nobody filed',
      ),
      ...holds(
        shown.every((v) => v.state !== 'deleted' || isDeleted(v.record)),
        'a version is shown as deleted',
      ),
    ];
  },
  open: async (scene) => {
    const read = scene.device.seen.details.filter((g) => g.right === 'read');
    const grant = at(read, scene.pick);
    const record = at(scene.device.seen.records, scene.pick >> 1);
    if (grant === undefined || record === undefined) return [];
    return falseContent(scene, [record], await scene.device.recipient().open(grant, [record]));
  },
  events: async (scene) => {
    const shown = await scene.device.recipient().events();
    return holds(
      shown.every((e) => e.actor === scene.device.subject.id),
      'an event of others is shown',
    );
  },
};
