"""Pure builders of calls. Nothing here talks to a chain.

A `Call` holds plain JSON values only (hashes and accounts as ``0x`` hex), so that the outbox can
write it down. Whether a call may succeed is the chain's to say; refused here is only what cannot
be encoded at all.
"""

from __future__ import annotations

from pallet_bridge.calls.federations import (
    add_stake,
    close,
    create_federation,
    enact,
    fund,
    invite,
    join,
    post_bond,
    propose,
    rebase,
    refund,
    replace_coordinator,
    set_terms,
    unbond,
    vote,
    withdraw,
    withdraw_bond,
)
from pallet_bridge.calls.offences import (
    attest,
    dispute,
    execute_slash,
    lapse,
    register_attester,
    report_bad_root,
    report_equivocation,
    report_misconduct,
    report_mismatch,
    resign_attester,
    resolve,
)
from pallet_bridge.calls.others import (
    batch,
    council_propose,
    transfer,
)
from pallet_bridge.calls.rounds import (
    abort,
    apply_leaf,
    claim,
    commit,
    commit_batch,
    expire,
    open_round,
    prune,
    seal,
    settle,
    settle_root,
    skip_round,
)
from pallet_bridge.calls.values import (
    Call,
    Value,
)

__all__ = [
    "Call",
    "Value",
    "abort",
    "add_stake",
    "apply_leaf",
    "attest",
    "batch",
    "claim",
    "close",
    "commit",
    "commit_batch",
    "council_propose",
    "create_federation",
    "dispute",
    "enact",
    "execute_slash",
    "expire",
    "fund",
    "invite",
    "join",
    "lapse",
    "open_round",
    "post_bond",
    "propose",
    "prune",
    "rebase",
    "refund",
    "register_attester",
    "replace_coordinator",
    "report_bad_root",
    "report_equivocation",
    "report_misconduct",
    "report_mismatch",
    "resign_attester",
    "resolve",
    "seal",
    "set_terms",
    "settle",
    "settle_root",
    "skip_round",
    "transfer",
    "unbond",
    "vote",
    "withdraw",
    "withdraw_bond",
]
