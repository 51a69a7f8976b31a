"""``bcfl aggregator``: keep one half of each update, and sum those that are accepted."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.acting.options import ChainHash  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.acting.send import belief_of, checked, say
from bcfl_plugins.cli.output import AsJson, print_json
from bcfl_plugins.cli.places import KEY, FederationNumber, Url, signer_of
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from types import FrameType

    from bcfl_plugins.aggregator.listening import AggregatorServer

StatementKey = Annotated[
    str,
    typer.Option(
        "--key",
        envvar=KEY,
        help=f"Its key: env:NAME, file:PATH, or //Alice where the chain is on this machine. "
        f"It signs receipts, sketches and sums, and is not used for calls. Default: {KEY}.",
    ),
]
KeptIn = Annotated[
    Path, typer.Option("--folder", help="Where it keeps its key, and the halves of two rounds.")
]
ListensAt = Annotated[str, typer.Option("--host", help="The address that it listens at.")]
ListensOn = Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any that is free.")]
Certificate = Annotated[
    Path | None,
    typer.Option(
        "--cert",
        exists=True,
        dir_okay=False,
        help="File of the TLS certificate with its chain. Default: plain HTTP, for behind a proxy.",
    ),
]
CertificateKey = Annotated[
    Path | None,
    typer.Option("--cert-key", exists=True, dir_okay=False, help="File of the certificate's key."),
]
Parameters = Annotated[
    int, typer.Option("--parameters", min=1, help="Parameters that a model has at most.")
]
Least = Annotated[
    int, typer.Option("--least", min=3, help="Updates that must be in a sum at least.")
]


def aggregator(
    *,
    chain: Url,
    federation: FederationNumber,
    key: StatementKey,
    folder: KeptIn,
    host: ListensAt = "127.0.0.1",
    port: ListensOn = 8741,
    cert: Certificate = None,
    cert_key: CertificateKey = None,
    parameters: Parameters = 50_000_000,
    least: Least = 3,
    genesis: ChainHash = None,
    as_json: AsJson = False,
) -> None:
    """Be the second of two servers, so that no single party learns an update.

    Run it for an organisation that is independent of the coordinator's. It goes by the chain: it
    takes halves of members while a round is open, and gives one sum of one round. It ends by
    Ctrl-C, and goes on from its folder when it is started again.
    """
    from bcfl_plugins.aggregator.keeping import HalfStore  # noqa: PLC0415 (a help is fast)
    from bcfl_plugins.aggregator.listening import AggregatorServer  # noqa: PLC0415
    from bcfl_plugins.aggregator.service import Aggregator, AggregatorLimits  # noqa: PLC0415

    if (cert is None) != (cert_key is None):
        raise ConfigError("give --cert and --cert-key together, or neither")
    logging.basicConfig(format="%(message)s")
    signer = signer_of(key, chain)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with checked(chain, belief_of(genesis, key, signer.account)) as client:
        store = HalfStore(folder, signer.account)
        limits = AggregatorLimits(parameters=parameters, least=least)
        service = Aggregator(client, federation, signer, store, limits)
        tls = None if cert is None or cert_key is None else (cert, cert_key)
        with AggregatorServer(service, host, port, tls) as server:
            place = f"{'http' if tls is None else 'https'}://{host}:{server.server_address[1]}"
            if as_json:
                told = {"url": place, "account": str(signer.account), "federation": federation}
                print_json(told)
            else:
                say(f"the aggregator of federation {federation} is at {place}")
                say(f"its account is {signer.account} (bcfl.secure.aggregator_account)")
            _serve(server)


def _serve(server: AggregatorServer) -> None:
    """Serve until a signal ends it."""

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        threading.Thread(target=server.shutdown).start()

    before = {one: signal.signal(one, end) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.serve_forever(poll_interval=0.2)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
