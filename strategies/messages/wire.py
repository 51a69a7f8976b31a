"""The three records that server and nodes exchange, and what each side checks in them.

=================  ==================  ============================================================
record             in                  fields
=================  ==================  ============================================================
``bcfl.identity``  query and answer    asks: v, genesis, federation, challenge, dev;
                                       answers: v, account, signature, dev-uri (may be missing)
``bcfl.round``     training message    v, genesis, federation, round, weight-key
``bcfl.commit``    training reply      v, account, num-examples, salt, commitment, signature
=================  ==================  ============================================================

Everything read here was written by the other side, which may lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bcfl_plugins.reasons import Reason
from bcfl_plugins.types import NodeRef, OpenedRound
from pallet_bridge.encoding import identity_payload, update_digest
from pallet_bridge.errors import BcflError
from pallet_bridge.keys import Signer, verify
from pallet_bridge.signing import check_commitment
from pallet_bridge.types import AccountId, CommittedUpdate, RoundKey
from strategies._flower import ConfigRecord
from strategies.errors import Unfit

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from strategies._flower import RecordDict

    NDArray = np.ndarray[Any, np.dtype[Any]]

IDENTITY = "bcfl.identity"
ROUND = "bcfl.round"
COMMIT = "bcfl.commit"
QUERY_ACTION = "bcfl_identity"
QUERY = f"query.{QUERY_ACTION}"
VERSION = 1

_LONGEST_DEV_URI = 100
_T = TypeVar("_T", int, str, bytes, bool)


class WireError(BcflError, ValueError):
    """A record of the other side is missing, of another version, or not as agreed."""


@dataclass(frozen=True, slots=True)
class Question:
    """Who are you, on this chain?

    Parameters
    ----------
    genesis : bytes
        Hash of the chain's block 0.
    federation : int
        The federation's id.
    challenge : bytes
        32 fresh random bytes.
    dev : bool
        Whether the chain lives in the server's process, so that development keys will do.
    """

    genesis: bytes
    federation: int
    challenge: bytes
    dev: bool


def question_record(question: Question) -> ConfigRecord:
    """Write the server's question."""
    return ConfigRecord(
        {
            "v": VERSION,
            "genesis": question.genesis,
            "federation": question.federation,
            "challenge": question.challenge,
            "dev": question.dev,
        }
    )


def read_question(content: RecordDict) -> Question:
    """Read the server's question, on a node."""
    record = _record(content, IDENTITY)
    return Question(
        _field(record, "genesis", bytes),
        _field(record, "federation", int),
        _field(record, "challenge", bytes),
        _field(record, "dev", bool),
    )


def answer_record(
    question: Question, node_id: int, signer: Signer, dev_uri: str | None
) -> ConfigRecord:
    """Write a node's answer. `dev_uri` is a public development key or None."""
    payload = identity_payload(
        genesis=question.genesis,
        federation=question.federation,
        node_id=node_id,
        challenge=question.challenge,
    )
    record = ConfigRecord(
        {"v": VERSION, "account": signer.account.raw, "signature": signer.sign(payload)}
    )
    if dev_uri is not None:
        record["dev-uri"] = dev_uri
    return record


def read_answer(content: RecordDict, question: Question, node: NodeRef) -> NodeRef:
    """Check a node's answer, on the server; return the node with its account.

    A development key is taken over only where the server asked for it, and only if it is the key
    that signed.

    Raises
    ------
    WireError, ConfigError, EncodingError
        If the answer does not prove an account.
    """
    record = _record(content, IDENTITY)
    account = AccountId(_field(record, "account", bytes))
    payload = identity_payload(
        genesis=question.genesis,
        federation=question.federation,
        node_id=node.node_id,
        challenge=question.challenge,
    )
    if not verify(account, payload, _field(record, "signature", bytes)):
        raise WireError(f"its signature is not that of {account} over the challenge")
    dev_uri = _field(record, "dev-uri", str) if question.dev and "dev-uri" in record else None
    if dev_uri is not None and not (
        dev_uri.startswith("//")
        and dev_uri.isascii()
        and len(dev_uri) <= _LONGEST_DEV_URI
        and Signer.from_uri(dev_uri).account == account
    ):
        raise WireError("the development key that it names is not the one that signed")
    return NodeRef(node.node_id, account, dev_uri)


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a training message asks a node to sign for.

    Parameters
    ----------
    opened : OpenedRound
        The round on chain.
    weight_key : str
        The metric that holds the number of examples.
    """

    opened: OpenedRound
    weight_key: str


def instruction_record(instruction: Instruction) -> ConfigRecord:
    """Write what goes along with the model."""
    return ConfigRecord(
        {
            "v": VERSION,
            "genesis": instruction.opened.genesis,
            "federation": instruction.opened.federation,
            "round": instruction.opened.round,
            "weight-key": instruction.weight_key,
        }
    )


def read_instruction(content: RecordDict) -> Instruction:
    """Read what to sign for, on a node."""
    record = _record(content, ROUND)
    federation, round_id = _field(record, "federation", int), _field(record, "round", int)
    key = RoundKey(_field(record, "genesis", bytes), federation, round_id)
    return Instruction(OpenedRound(key), _field(record, "weight-key", str))


def commitment_record(signed: CommittedUpdate) -> ConfigRecord:
    """Write what goes along with an update. The digest stays out: the server computes its own."""
    return ConfigRecord(
        {
            "v": VERSION,
            "account": signed.account.raw,
            "num-examples": signed.num_examples,
            "salt": signed.salt,
            "commitment": signed.commitment,
            "signature": signed.signature,
        }
    )


def read_commitment(
    content: RecordDict,
    sent: Mapping[str, NDArray],
    weight: float,
    opened: OpenedRound,
    node: NodeRef,
) -> CommittedUpdate:
    """Check a commitment against what the node sent with it, on the server.

    Parameters
    ----------
    content : RecordDict
        The reply's records.
    sent : Mapping[str, NDArray]
        Its arrays, as they came.
    weight : int or float
        The number of examples that it claims.
    opened : OpenedRound
        The round that was to be signed for.
    node : NodeRef
        The node, with the account that it proved.

    Raises
    ------
    Unfit
        If anything is missing, belongs to somebody else, or does not fit.
    """
    if node.account is None:
        raise Unfit(Reason.BAD_SIGNATURE, "it has not proved an account")
    try:
        record = _record(content, COMMIT)
        account = AccountId(_field(record, "account", bytes))
        num_examples = _field(record, "num-examples", int)
        salt = _field(record, "salt", bytes)
        claimed = _field(record, "commitment", bytes)
        signature = _field(record, "signature", bytes)
        if account != node.account:
            raise Unfit(Reason.BAD_SIGNATURE, f"signed by {account}, its account is {node.account}")
        made = CommittedUpdate(account, update_digest(sent), num_examples, salt, claimed, signature)
        check = check_commitment(opened.key, made)
    except (WireError, ValueError) as error:
        raise Unfit(Reason.BAD_SIGNATURE, f"no usable commitment: {error}") from error
    if not check.is_signed:
        raise Unfit(Reason.BAD_SIGNATURE, "its signature is not over this round's commitment")
    if not check.is_opened:
        raise Unfit(Reason.DIGEST_MISMATCH, "it signed other arrays than it sent", made)
    if num_examples != weight:
        raise Unfit(
            Reason.DIGEST_MISMATCH, f"it signed {num_examples} examples and claims {weight}", made
        )
    return made


def _record(content: RecordDict, name: str) -> ConfigRecord:
    record = content.get(name)
    if not isinstance(record, ConfigRecord):
        raise WireError(f"no ConfigRecord {name!r}")
    if record.get("v") != VERSION:
        raise WireError(f"{name!r} has a version that is not {VERSION}; update bcfl-plugins")
    return record


def _field(record: ConfigRecord, name: str, kind: type[_T]) -> _T:
    value = record.get(name)
    if type(value) is not kind:
        raise WireError(f"field {name!r} is missing or no {kind.__name__}")
    found: _T = value
    return found
