// The source text of the worker in lib/envelope/hash-worker-web.ts, by `npm run build:workers`. Not to be edited.
export const WORKER =
  '(()=>{var runWorker=scope=>{const send=scope.postMessage;scope.onmessage=async({data:part})=>{let digest;try{digest=await scope.crypto.subtle.digest("SHA-256",part)}catch{}send({part,digest},[part.buffer])};send("ready")};void runWorker(globalThis);})();\n';
