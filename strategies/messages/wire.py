"""The three records that server and nodes exchange, and what each side reads in them.

=================  ==================  ============================================================
record             in                  fields
=================  ==================  ============================================================
``bcfl.identity``  query and answer    asks: v, genesis, federation, coordinator, challenge, dev,
                                       signature (the coordinator's);
                                       answers: v, account, signature, dev-uri (may be missing)
``bcfl.round``     training message    v, genesis, federation, round, coordinator, base-model,
                                       terms, expires, signature (the coordinator's), weight-key
``bcfl.commit``    training reply      v, account, num-examples, salt, commitment, signature
=================  ==================  ============================================================

Everything read here was written by the other side, which may lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bcfl_plugins.reasons import Reason
from bcfl_plugins.types import NodeRef, OpenedRound, SignedInstruction
from pallet_bridge.encoding import (
    identity_payload,
    instruction_payload,
    question_payload,
    terms_hash,
    update_digest,
)
from pallet_bridge.keys import Signer, verify
from pallet_bridge.signing import check_commitment
from pallet_bridge.types import AccountId, CommittedUpdate, RoundBinding
from strategies._flower import ConfigRecord
from strategies.errors import NotTheCoordinators, Unfit
from strategies.messages.fields import (
    SIGNATURE_BYTES,
    VERSION,
    WireError,
    account,
    exactly,
    field,
    record_of,
    unsigned,
)

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

LONGEST_TERMS = 4_096
"""Bytes of terms: 16 governed parameters, and all else together under 500."""

_LONGEST_KEY = 256
_LONGEST_DEV_URI = 100
_SERVER = "server"
_NODE = "node"


@dataclass(frozen=True, slots=True)
class Question:
    """Who are you, on this chain, for this coordinator?

    Parameters
    ----------
    genesis : bytes
        Hash of the chain's block 0.
    federation : int
        The federation's id.
    coordinator : AccountId
        Who asks, and signs the question for each node.
    challenge : bytes
        32 fresh random bytes.
    dev : bool
        Whether the chain lives in the server's process, so that development keys will do.
    """

    genesis: bytes
    federation: int
    coordinator: AccountId
    challenge: bytes
    dev: bool


def question_record(question: Question, node_id: int, coordinator: Signer) -> ConfigRecord:
    """Write the server's question to one node."""
    return ConfigRecord(
        {
            "v": VERSION,
            "genesis": question.genesis,
            "federation": question.federation,
            "coordinator": question.coordinator.raw,
            "challenge": question.challenge,
            "dev": question.dev,
            "signature": coordinator.sign(_asked(question, node_id)),
        }
    )


def read_question(content: RecordDict, node_id: int) -> Question:
    """Read the server's question, on the node that it is for.

    Raises
    ------
    WireError
        If it is malformed.
    NotTheCoordinators
        If it is not signed by the coordinator that it names, for this node.
    """
    record = record_of(content, IDENTITY, _SERVER)
    question = Question(
        exactly(record, "genesis"),
        unsigned(record, "federation", 32),
        account(record, "coordinator"),
        exactly(record, "challenge"),
        field(record, "dev", bool),
    )
    signature = exactly(record, "signature", SIGNATURE_BYTES)
    if not verify(question.coordinator, _asked(question, node_id), signature):
        raise NotTheCoordinators(
            f"the question for node {node_id} in federation {question.federation} on chain "
            f"0x{question.genesis.hex()}",
            question.coordinator,
        )
    return question


def answer_record(
    question: Question, node_id: int, signer: Signer, dev_uri: str | None
) -> ConfigRecord:
    """Write a node's answer. `dev_uri` is a public development key or None."""
    signature = signer.sign(_answered(question, node_id))
    record = ConfigRecord({"v": VERSION, "account": signer.account.raw, "signature": signature})
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
    record = record_of(content, IDENTITY, _NODE)
    who = account(record, "account")
    signature = exactly(record, "signature", SIGNATURE_BYTES)
    if not verify(who, _answered(question, node.node_id), signature):
        raise WireError(f"its signature is not that of {who} over the challenge")
    dev_uri = field(record, "dev-uri", str) if question.dev and "dev-uri" in record else None
    if dev_uri is not None and not (
        dev_uri.startswith("//")
        and dev_uri.isascii()
        and len(dev_uri) <= _LONGEST_DEV_URI
        and Signer.from_uri(dev_uri).account == who
    ):
        raise WireError("the development key that it names is not the one that signed")
    return NodeRef(node.node_id, who, dev_uri)


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a training message asks a node to sign for.

    Parameters
    ----------
    opened : OpenedRound
        The round on chain, its terms, and the coordinator's signature.
    weight_key : str
        The metric that holds the number of examples.
    """

    opened: OpenedRound
    weight_key: str

    @property
    def is_signed(self) -> bool:
        """Whether the signature is the coordinator's, over this round, model, terms and expiry."""
        binding, made = self.opened.binding, self.opened.instruction
        return verify(
            binding.coordinator, instruction_payload(binding, made.expires), made.signature
        )


def instruction_record(instruction: Instruction) -> ConfigRecord:
    """Write what goes along with the model: the same for all nodes."""
    opened = instruction.opened
    return ConfigRecord(
        {
            "v": VERSION,
            "genesis": opened.genesis,
            "federation": opened.federation,
            "round": opened.round,
            "coordinator": opened.binding.coordinator.raw,
            "base-model": opened.binding.base_model,
            "terms": opened.terms,
            "expires": opened.instruction.expires,
            "signature": opened.instruction.signature,
            "weight-key": instruction.weight_key,
        }
    )


def read_instruction(content: RecordDict) -> Instruction:
    """Read what to sign for, on a node. What it says is not checked here, nor who signed it.

    The hash of the terms is that of the bytes that came: others than were signed fit no signature.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, ROUND, _SERVER)
    terms, weight_key = field(record, "terms", bytes), field(record, "weight-key", str)
    if len(terms) > LONGEST_TERMS:
        raise WireError(f"field 'terms' has {len(terms)} bytes, over {LONGEST_TERMS}")
    if len(weight_key) > _LONGEST_KEY:
        raise WireError(f"field 'weight-key' has {len(weight_key)} characters, over {_LONGEST_KEY}")
    binding = RoundBinding(
        exactly(record, "genesis"),
        unsigned(record, "federation", 32),
        unsigned(record, "round", 32),
        account(record, "coordinator"),
        exactly(record, "base-model"),
        terms_hash(terms),
    )
    made = SignedInstruction(
        unsigned(record, "expires", 64), exactly(record, "signature", SIGNATURE_BYTES)
    )
    return Instruction(OpenedRound(binding, terms, made), weight_key)


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
        record = record_of(content, COMMIT, _NODE)
        who = account(record, "account")
        num_examples = unsigned(record, "num-examples", 64)
        salt = exactly(record, "salt")
        claimed = exactly(record, "commitment")
        signature = exactly(record, "signature", SIGNATURE_BYTES)
        if who != node.account:
            raise Unfit(Reason.BAD_SIGNATURE, f"signed by {who}, its account is {node.account}")
        made = CommittedUpdate(who, update_digest(sent), num_examples, salt, claimed, signature)
        check = check_commitment(opened.binding, made)
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


def _asked(question: Question, node_id: int) -> bytes:
    return question_payload(
        genesis=question.genesis,
        federation=question.federation,
        coordinator=question.coordinator,
        node_id=node_id,
        challenge=question.challenge,
    )


def _answered(question: Question, node_id: int) -> bytes:
    return identity_payload(
        genesis=question.genesis,
        federation=question.federation,
        coordinator=question.coordinator,
        node_id=node_id,
        challenge=question.challenge,
    )
