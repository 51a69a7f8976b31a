"""Measure how long an embedded chain takes to let many members in, as a run does at its start.

    python -m benchmarks.chain.members [--members 1000] [--profile] [--json]

The nodes' accounts are known before, as they are in a run: each node derives its own key. What is
counted begins with the question who may take part, and ends with its answer, all members joined.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import logging
import pstats
import tempfile
import time
from pathlib import Path

from bcfl_plugins import BcflConfig, NodeId, NodeRef, RunInfo, open_session
from pallet_bridge.keys import Signer


def measure(members: int, profile: cProfile.Profile | None) -> dict[str, float]:
    """Provision so many members once."""
    uris = [f"//bcfl//node-{number}" for number in range(members)]
    nodes = tuple(
        NodeRef(NodeId(number), Signer.from_uri(uri).account, uri)
        for number, uri in enumerate(uris)
    )
    with tempfile.TemporaryDirectory() as folder:
        config = BcflConfig.from_run_config(
            {
                "bcfl.plugins": "staking",
                "bcfl.run_dir": folder,
                "bcfl.on_chain_error": "fail",
                "bcfl.terms.max_participants": members,
            }
        )
        with open_session(config) as session:
            chain = session.services.chain
            if chain is None:
                raise SystemExit("no chain")
            before = chain.client.head().number
            clock, cpu = time.perf_counter(), time.process_time()
            if profile is not None:
                profile.enable()
            left_out = session.hooks.eligible_nodes(RunInfo(1, 3), 1, nodes)
            if profile is not None:
                profile.disable()
            seconds, cpu = time.perf_counter() - clock, time.process_time() - cpu
            joined = len(chain.client.participants(chain.federation))
            blocks = chain.client.head().number - before
            size = sum(one.stat().st_size for one in Path(folder).rglob("*") if one.is_file())
    if left_out or joined != members:
        raise SystemExit(f"{joined} of {members} joined")
    return {
        "members": members,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "blocks": blocks,
        "kept_bytes": size,
    }


def main() -> None:
    """Print the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--profile", action="store_true", help="print where the time goes")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    profile = cProfile.Profile(time.process_time) if asked.profile else None
    found = measure(asked.members, profile)
    if asked.json:
        print(json.dumps(found))
    else:
        print(
            f"{found['members']:.0f} members joined in {found['seconds']:.1f} s "
            f"({found['cpu_seconds']:.1f} s of CPU), in {found['blocks']:.0f} blocks"
        )
    if profile is not None:
        pstats.Stats(profile).sort_stats("cumtime").print_stats("pallet_bridge|bcfl_plugins", 40)


if __name__ == "__main__":
    main()
