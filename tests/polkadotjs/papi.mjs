// polkadot-api, a client that speaks only the new JSON-RPC groups: chainHead_v1, transaction_v1.
//
// Usage: node papi.mjs URL. Prints one JSON object.
import { sr25519CreateDerive } from "@polkadot-labs/hdkd";
import { DEV_MINI_SECRET, ss58Address } from "@polkadot-labs/hdkd-helpers";
import { createClient } from "polkadot-api";
import { getPolkadotSigner } from "polkadot-api/signer";
import { getWsProvider } from "polkadot-api/ws";
import { WebSocket } from "ws";

const [url] = process.argv.slice(2);
const derive = sr25519CreateDerive(DEV_MINI_SECRET);

function who(path) {
  const pair = derive(path);
  return {
    address: ss58Address(pair.publicKey, 42),
    signer: getPolkadotSigner(pair.publicKey, "Sr25519", pair.sign),
  };
}

const alice = who("//Alice");
const eva = who("//Eva"); // an account that nobody has used
const client = createClient(getWsProvider(url, { websocketClass: WebSocket }));
const api = client.getUnsafeApi();

function first(observable, wanted) {
  return new Promise((resolve, reject) => {
    const subscription = observable.subscribe({
      next(value) {
        if (wanted(value)) {
          queueMicrotask(() => subscription.unsubscribe());
          resolve(value);
        }
      },
      error: reject,
    });
  });
}

// Follow one transaction to its end, and keep the kinds of what is told of it.
function follow(transaction, signer) {
  return new Promise((resolve, reject) => {
    const kinds = [];
    transaction.signSubmitAndWatch(signer).subscribe({
      next(event) {
        kinds.push(event.type);
        if (event.type === "finalized") {
          const events = event.events.map((one) => `${one.type}.${one.value.type}`);
          resolve({ kinds, ok: event.ok, events, error: event.dispatchError ?? null });
        }
      },
      error: reject,
    });
  });
}

const plain = (_, value) => (typeof value === "bigint" ? value.toString() : value);
const chain = await client.getChainSpecData();
const before = await api.query.System.Account.getValue(eva.address);
const paid = api.tx.Balances.transfer_keep_alive({
  dest: { type: "Id", value: eva.address },
  value: 7_000_000_000_000n,
});
const fee = await paid.getEstimatedFees(alice.address);
const transfer = await follow(paid, alice.signer);
const after = await api.query.System.Account.getValue(eva.address);
const failed = await follow(api.tx.Bcfl.close({ federation: 4_000_000 }), alice.signer);
const refused = await api.tx.System.remark({ remark: new Uint8Array([1]) })
  .signAndSubmit(alice.signer, { nonce: 0 })
  .then(() => null, (error) => error.message);
const block = await client.getFinalizedBlock();
const next = await first(client.finalizedBlock$, (one) => one.number >= block.number);
const body = await client.getBlockBody(next.hash);
const header = await client.getBlockHeader(next.hash);
const accounts = await api.query.System.Account.getEntries();
const version = await api.apis.Core.version();
const deposit = await api.constants.Balances.ExistentialDeposit();
const told = {
  genesis: chain.genesisHash,
  name: chain.name,
  fee,
  transfer,
  received: after.data.free - before.data.free,
  failed,
  refused,
  header: header.number === next.number,
  inherents: body.length >= 1,
  accounts: accounts.length,
  alice: accounts.some(({ keyArgs: [key] }) => key === alice.address),
  version: [version.spec_name, version.transaction_version],
  deposit,
};
console.log(JSON.stringify(told, plain));
client.destroy();
