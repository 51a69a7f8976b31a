// A second client, in another language, does what a user of the chain does: it connects, reads
// metadata, constants and storage, follows heads, signs and submits a pallet call, and prints
// what it saw as one JSON object.
//
// node client.mjs ws://127.0.0.1:PORT

import { ApiPromise, Keyring, WsProvider } from "@polkadot/api";

const METADATA = "0x" + "42".repeat(32);
const UNIT = 10n ** 12n;
const TERMS = {
  min_stake: 10n * UNIT,
  max_participants: 8,
  quorum: "Window",
  commit_blocks: 5,
  settle_blocks: 5,
  dispute_blocks: 5,
  unbonding_blocks: 50,
  claim_blocks: 10,
  retention_blocks: 20,
  cooldown_blocks: 0,
  round_reward: 10n * UNIT,
  strikes_to_slash: 3,
  strike_decay_rounds: 10,
  slash: {
    equivocation: 500_000_000,
    mismatch: 500_000_000,
    outlier_base: 100_000_000,
    cap: 500_000_000,
  },
  reporter_share: 100_000_000,
  dispute_bond: UNIT,
  arbiter: "Council",
  coupling: "Loose",
  attest_quorum: 0,
  attest_by: "Count",
  committee_size: 0,
  governance: "Coordinator",
  max_failed_rounds: 3,
  notice_blocks: 50,
  admission: "Open",
  max_per_organisation: 0,
  max_examples: 0,
  max_share: 1_000_000_000,
  coordinator_bond: 0,
  misconduct: 0,
  silence: 0,
  aging_blocks: 0,
  max_vote_share: 1_000_000_000,
  lock_blocks: 0,
  tenure_rounds: 0,
  vesting_rounds: 0,
  strike_cut: 0,
  training: [["learning_rate", { Fixed: 10_000_000 }]],
};

const named = ({ event }) => ({
  pallet: event.section,
  name: event.method,
  fields: event.data.toJSON(),
});

// Resolves when the extrinsic is final; a dispatch error is part of the answer.
function submitted(api, extrinsic, signer) {
  return new Promise((resolve, reject) => {
    const statuses = [];
    extrinsic
      .signAndSend(signer, ({ status, events, dispatchError }) => {
        statuses.push(status.type);
        if (!status.isFinalized) return;
        const error = dispatchError?.isModule
          ? api.registry.findMetaError(dispatchError.asModule).name
          : dispatchError?.toString();
        resolve({
          statuses,
          block: status.asFinalized.toHex(),
          events: events.map(named),
          error: error ?? null,
        });
      })
      .catch(reject);
  });
}

// Collects heads until `count` of them have come.
async function heads(api, count) {
  const seen = [];
  await new Promise((resolve, reject) => {
    api.rpc.chain
      .subscribeNewHeads((header) => {
        seen.push(header.number.toNumber());
        if (seen.length >= count) resolve();
      })
      .catch(reject);
  });
  return seen;
}

async function main(url) {
  const api = await ApiPromise.create({ provider: new WsProvider(url), noInitWarn: true });
  const alice = new Keyring({ type: "sr25519" }).addFromUri("//Alice");
  const following = heads(api, 3);
  const created = await submitted(api, api.tx.bcfl.createFederation(TERMS, METADATA), alice);
  const failed = await submitted(api, api.tx.bcfl.close(4_000_000), alice);
  const refused = await api.tx.balances
    .transferKeepAlive(alice.address, 1)
    .signAndSend(alice, { nonce: 0 })
    .then(
      () => null,
      (error) => error.message,
    );
  const account = await api.query.system.account(alice.address);
  const federations = await api.query.bcfl.federations.entries();
  const report = {
    chain: (await api.rpc.system.chain()).toString(),
    genesis: api.genesisHash.toHex(),
    spec: [api.runtimeVersion.specName.toString(), api.runtimeVersion.specVersion.toNumber()],
    ss58: api.registry.chainSS58,
    existentialDeposit: api.consts.balances.existentialDeposit.toString(),
    calls: Object.keys(api.tx.bcfl),
    nonce: account.nonce.toNumber(),
    federations: federations.map(([key, value]) => ({
      federation: key.args[0].toNumber(),
      ...value.toJSON(),
    })),
    created,
    failed,
    refused,
    heads: await following,
  };
  await api.disconnect();
  return report;
}

main(process.argv[2]).then(
  (report) => console.log(JSON.stringify(report)),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
