// Checks resources against rules of IHE profiles beyond FHIR itself, written from the published definitions: PCF 1.1.0 and BALP 1.1.4. Each rule
// has a name, so that a test can report which one is broken.
import type { AuditEvent, AuditEventAgent, CodeableConcept, Coding, Consent } from 'fhir/r4.js';

type Rules<T> = readonly (readonly [string, (resource: T) => boolean])[];

const broken = <T>(rules: Rules<T>, resource: T): readonly string[] =>
  rules.flatMap(([name, holds]) => (holds(resource) ? [] : [name]));

const TERMS = 'http://terminology.hl7.org/CodeSystem';
const DICOM = 'http://dicom.nema.org/resources/ontology/DCM';

const isCode = (c: Coding | undefined, system: string, code: string): boolean =>
  c?.system === system && c.code === code;
const hasCode = (c: CodeableConcept | undefined, system: string, code: string): boolean =>
  c?.coding?.some((one) => isCode(one, system, code)) ?? false;

// PCF: StructureDefinition/IHE.PCF.consentIntermediate.
const PCF: Rules<Consent> = [
  ['scope', (c) => hasCode(c.scope, `${TERMS}/consentscope`, 'patient-privacy')],
  ['category', (c) => c.category.length >= 1],
  ['patient', (c) => c.patient !== undefined],
  ['dateTime', (c) => c.dateTime !== undefined],
  ['performer', (c) => (c.performer ?? []).length >= 1],
  ['organization', (c) => (c.organization ?? []).length >= 1],
  ['source', (c) => [c.sourceReference, c.sourceAttachment].filter((s) => s !== undefined).length === 1],
  ['policy', (c) => (c.policy ?? []).length >= 1 && c.policy!.every((p) => p.uri !== undefined)],
  ['policy.authority', (c) => (c.policy ?? []).every((p) => p.authority === undefined)],
  ['policyRule', (c) => c.policyRule === undefined],
  ['verification', (c) => c.verification === undefined],
  ['provision.type', (c) => c.provision?.type !== undefined],
  [
    'provision.actor.role',
    (c) => (c.provision?.actor ?? []).every((a) => hasCode(a.role, `${TERMS}/v3-ParticipationType`, 'IRCP')),
  ],
  ['provision.action', (c) => c.provision?.action === undefined],
  ['provision.class', (c) => c.provision?.class === undefined],
  ['provision.code', (c) => c.provision?.code === undefined],
  ['provision.securityLabel', (c) => c.provision?.securityLabel === undefined],
  [
    'provision.data.meaning',
    (c) => (c.provision?.data ?? []).every((d) => ['instance', 'related', 'authoredby'].includes(d.meaning)),
  ],
  ['provision.provision.provision', (c) => (c.provision?.provision ?? []).every((p) => p.provision === undefined)],
];

/** Returns the names of the rules of PCF Intermediate Consent that the resource breaks. */
export const pcfFaults = (consent: Consent): readonly string[] => broken(PCF, consent);

const agents = (e: AuditEvent, system: string, code: string): readonly AuditEventAgent[] =>
  e.agent.filter((a) => hasCode(a.type, system, code));

/** Makes the check of an agent that is a machine: it must occur exactly once, with `who` and `network`. */
const machine =
  (system: string, code: string) =>
  (e: AuditEvent): boolean => {
    const [agent, ...more] = agents(e, system, code);
    return agent?.who !== undefined && agent.network !== undefined && agent.media === undefined && more.length === 0;
  };

/** Makes the check of an agent that is a person: it may occur once, and requested the action. */
const user =
  (...codes: readonly string[]) =>
  (e: AuditEvent): boolean => {
    const found = codes.flatMap((code) => agents(e, `${TERMS}/v3-ParticipationType`, code));
    return found.length <= 1 && found.every((a) => a.who !== undefined && a.requestor && a.network === undefined);
  };

const entities = (e: AuditEvent, code: string) =>
  (e.entity ?? []).filter((n) => isCode(n.type, `${TERMS}/audit-entity-type`, code));

const PATIENT: Rules<AuditEvent> = [
  ['recorded', (e) => e.recorded.length > 0],
  ['agent', (e) => e.agent.length >= 2],
  ['entity', (e) => (e.entity ?? []).length >= 2],
  [
    'entity[patient]',
    (e) => {
      const [patient, ...more] = entities(e, '1');
      return (
        patient?.what?.type === 'Patient' && isCode(patient.role, `${TERMS}/object-role`, '1') && more.length === 0
      );
    },
  ],
];

const subtypes = (e: AuditEvent, code: string): number =>
  (e.subtype ?? []).filter((s) => isCode(s, 'http://hl7.org/fhir/restful-interaction', code)).length;

const restful = (interaction: string, action: string): Rules<AuditEvent> => [
  ...PATIENT,
  ['type', (e) => isCode(e.type, `${TERMS}/audit-event-type`, 'rest')],
  ['subtype', (e) => subtypes(e, interaction) === 1],
  ['action', (e) => e.action === action],
  ['outcome', (e) => e.outcome === '0'],
  [
    'entity[data]',
    (e) => {
      const [data, ...more] = entities(e, '2');
      const role = data?.role?.system === `${TERMS}/object-role` && ['3', '4', '20'].includes(data.role.code!);
      return data?.what !== undefined && role && more.length === 0;
    },
  ],
];

const sent: Rules<AuditEvent> = [
  ['agent[client]', machine(DICOM, '110153')],
  ['agent[server]', machine(DICOM, '110152')],
  ['agent[user]', user('AUT', 'INF', 'CST')],
];

const BASE = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit';

// BALP: StructureDefinition/IHE.BasicAudit.*
const BALP: Readonly<Record<string, Rules<AuditEvent>>> = {
  [`${BASE}.PatientCreate`]: [...restful('create', 'C'), ...sent],
  [`${BASE}.PatientUpdate`]: [...restful('update', 'U'), ...sent],
  [`${BASE}.PatientRead`]: [
    ...restful('read', 'R'),
    ['agent[client]', machine(DICOM, '110152')],
    ['agent[server]', machine(DICOM, '110153')],
    ['agent[user]', user('IRCP')],
  ],
  [`${BASE}.PatientDelete`]: [
    ...restful('delete', 'D'),
    ['agent[client]', machine(DICOM, '110150')],
    ['agent[server]', machine(`${TERMS}/provenance-participant-type`, 'custodian')],
    ['agent[user]', user('AUT', 'INF', 'CST')],
    ['subtype 1..1', (e) => e.subtype?.length === 1],
    [
      'bare slices',
      (e) =>
        e.agent.every((a) => [a.altId, a.location, a.policy, a.role].every((m) => m === undefined)) &&
        [...entities(e, '1'), ...entities(e, '2')].every((n) =>
          [n.lifecycle, n.name, n.query, n.detail].every((m) => m === undefined),
        ),
    ],
  ],
  [`${BASE}.PrivacyDisclosure.Source`]: [
    ...PATIENT,
    ['modifierExtension', (e) => e.modifierExtension === undefined],
    ['type', (e) => isCode(e.type, DICOM, '110106')],
    ['subtype', (e) => (e.subtype ?? []).some((s) => isCode(s, `${TERMS}/iso-21089-lifecycle`, 'disclose'))],
    ['action', (e) => e.action === 'R'],
    ['outcome', (e) => e.outcome !== undefined],
    ['agent[source]', machine(DICOM, '110153')],
    ['agent[recipient]', machine(DICOM, '110152')],
    [
      'agent[authorizer]',
      (e) => {
        const found = agents(e, 'http://snomed.info/sct', '429577009');
        return found.length <= 1 && found.every((a) => a.who !== undefined);
      },
    ],
    [
      'val-audit-source',
      (e) => JSON.stringify(agents(e, DICOM, '110153')[0]?.who) === JSON.stringify(e.source.observer),
    ],
  ],
};

/**
 * Checks the event against the BALP profile that it claims. Returns the names of the rules that the event breaks, or the profile's name if BALP has no such
 * profile.
 */
export const balpFaults = (event: AuditEvent): readonly string[] => {
  const [profile = '', ...more] = event.meta?.profile ?? [];
  const rules = BALP[profile];
  return rules === undefined || more.length > 0 ? [`profile ${profile}`] : broken(rules, event);
};
