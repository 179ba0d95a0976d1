// Web page of bench/companion.ts: measures in a browser, and sends the times to the server.
import { companionTimes } from './companion-times.ts';

const passes = Number(new URL(location.href).searchParams.get('passes'));
const report = { browser: navigator.userAgent, times: companionTimes(passes, () => performance.now()) };
await fetch('/report', { method: 'POST', body: JSON.stringify(report) });
