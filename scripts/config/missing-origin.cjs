// Ends `serverless` with a clear error. serverless.yml reads this file only if a stage has no origin.
module.exports = () => {
  throw new Error('name the address that clients sign: --param "origin=https://records.example.org" (README.md)');
};
