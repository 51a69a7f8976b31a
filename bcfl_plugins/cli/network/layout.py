"""What a network is on disk, and with which words each of its nodes is started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.errors import ConfigError
from pallet_bridge.errors import EncodingError
from pallet_bridge.jsonio import canonical, parse, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.jsonio import Record

FORMAT = "bcfl-network/1"
FILE, SPEC, LOCK, DRAFT = "network.json", "spec.json", "lock", ".founding"


@dataclass(frozen=True, slots=True)
class LocalValidator:
    """One node: its number, its account, where it listens and how others know it."""

    number: int
    account: str
    rpc_port: int
    p2p_port: int
    peer_id: str

    @property
    def name(self) -> str:
        """Its number, as a text."""
        return str(self.number)

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"ws://127.0.0.1:{self.rpc_port}"

    @property
    def address(self) -> str:
        """Where other nodes reach it."""
        return f"/ip4/127.0.0.1/tcp/{self.p2p_port}/p2p/{self.peer_id}"


@dataclass(frozen=True, slots=True)
class Network:
    """The validators of a network in a folder.

    Attributes
    ----------
    folder : Path
        Absolute: nodes are found again by the words that they were started with.
    genesis : str
        Hash of block 0, as 0x and hex.
    """

    folder: Path
    genesis: str
    validators: tuple[LocalValidator, ...]

    @property
    def spec(self) -> Path:
        """The raw specification."""
        return self.folder / SPEC

    def home(self, one: LocalValidator) -> Path:
        """Return the folder of a node."""
        return home(self.folder, one.number)

    def log(self, one: LocalValidator) -> Path:
        """Return where a node writes what it does."""
        return self.home(one) / "log"

    def words(self, one: LocalValidator) -> tuple[str, ...]:
        """Return what follows the program on the command line: no other process has the same."""
        at = self.home(one)
        return (
            *("--chain", str(self.spec)),
            *("--base-path", str(data(at))),
            *("--node-key-file", str(node_key(at))),
            *("--validator", "--name", f"bcfl-{one.number}"),
            *("--rpc-port", str(one.rpc_port)),
            *("--listen-addr", f"/ip4/127.0.0.1/tcp/{one.p2p_port}"),
            *("--no-mdns", "--no-prometheus", "--no-telemetry"),
            *("--state-pruning", "archive"),  # an audit reads the state of old blocks
        )

    def write(self, folder: Path) -> None:
        """Write `FILE` into a folder."""
        nodes = [
            {
                "account": one.account,
                "node": one.number,
                "p2p_port": one.p2p_port,
                "peer_id": one.peer_id,
                "rpc_port": one.rpc_port,
                "url": one.url,
            }
            for one in self.validators
        ]
        fields = {"format": FORMAT, "genesis": self.genesis, "validators": nodes}
        write_atomically(folder / FILE, canonical(fields) + b"\n")


def home(folder: Path, number: int) -> Path:
    """Return the folder of the node with this number."""
    return folder / "nodes" / str(number)


def data(at: Path) -> Path:
    """Return where a node keeps its database and its keystore."""
    return at / "data"


def node_key(at: Path) -> Path:
    """Return the file of the key that other nodes know a node by."""
    return at / "node.key"


def phrase(at: Path) -> Path:
    """Return the file of the secret that a validator's account and session keys are made of."""
    return at / "phrase"


def network_in(folder: Path) -> Network:
    """Read the network of a folder.

    Raises
    ------
    ConfigError
        If there is none, or its file is damaged.
    """
    folder = folder.resolve()
    path = folder / FILE
    try:
        return _network(folder, parse(path.read_bytes()))
    except FileNotFoundError:
        raise ConfigError(
            f"there is no network in {folder}; `bcfl chain up --dir {folder}` makes one"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except EncodingError as error:
        raise ConfigError(
            f"{path} is no network of this version: {error}. Make a new one in another folder"
        ) from None


def _network(folder: Path, record: Record) -> Network:
    if record.text("format") != FORMAT:
        raise EncodingError(f"its format is not {FORMAT}")
    nodes = tuple(
        LocalValidator(
            number=one.integer("node"),
            account=one.text("account"),
            rpc_port=one.integer("rpc_port"),
            p2p_port=one.integer("p2p_port"),
            peer_id=one.text("peer_id"),
        )
        for one in record.records("validators")
    )
    return Network(folder, record.text("genesis"), nodes)
