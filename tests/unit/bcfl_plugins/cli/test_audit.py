"""What `bcfl audit` says: on what each statement rests, and never that all of them hold."""

from __future__ import annotations

from pathlib import Path

from rich.text import Text

from bcfl_plugins.cli.audit import as_lines, as_record
from pallet_bridge.audit.audited import Finding
from pallet_bridge.audit.grounds import Grounds
from pallet_bridge.audit.run import AuditReport
from pallet_bridge.types import AccountId

RUN = Path("runs/[odd] name")
WHO = AccountId(b"\x07" * 32)


def grounds() -> Grounds:
    made = Grounds()
    made.prove("blocks executed again", 1200)
    made.prove("statements signed by their accounts", 8)
    made.recompute("settlement roots", 3)
    made.believe("the coordinator 5Foo", "verdicts", 9)
    made.believe("the coordinator 5Foo", "openings", 0)
    made.believe("the members", "numbers of examples", 8)
    return made


def lines_of(report: AuditReport) -> list[str]:
    return [Text.from_markup(line).plain for line in as_lines(RUN, report)]


def test_it_says_how_many_statements_rest_on_what() -> None:
    assert lines_of(AuditReport(grounds(), ())) == [
        "PROVED, by signatures and by executing the chain again",
        "   1200 blocks executed again",
        "      8 statements signed by their accounts",
        "RECOMPUTED, from what is published",
        "      3 settlement roots",
        "ON THE WORD of the coordinator 5Foo",
        "      9 verdicts",
        "ON THE WORD of the members",
        "      8 numbers of examples",
        "runs/[odd] name: 1208 proved, 3 recomputed, 17 taken on a word; nothing wrong",
    ]


def test_what_fails_is_named_and_counted() -> None:
    wrong = (
        Finding("signature", 3, WHO, "round 3, [b]x[/b]: the signature is not the account's"),
        Finding("chain", None, None, "the chain's sudo key acted"),
    )
    *_, first, second, last = lines_of(AuditReport(grounds(), wrong))
    assert first == "FAILS signature: round 3, [b]x[/b]: the signature is not the account's"
    assert second == "FAILS chain: the chain's sudo key acted"
    assert last.endswith("17 taken on a word; 2 wrong")


def test_it_never_says_that_every_statement_holds() -> None:
    without = Grounds()
    without.prove("blocks executed again")
    for made in (grounds(), without, Grounds()):
        said = "\n".join(lines_of(AuditReport(made, ())))
        assert "every statement" not in said
        assert "taken on a word" in said


def test_what_nobody_said_has_no_heading() -> None:
    assert lines_of(AuditReport(Grounds(), ())) == [
        "runs/[odd] name: 0 proved, 0 recomputed, 0 taken on a word; nothing wrong"
    ]


def test_json_says_the_same() -> None:
    finding = Finding("opening", 2, WHO, "round 2: it does not fit")
    assert as_record(RUN, AuditReport(grounds(), (finding,))) == {
        "run": "runs/[odd] name",
        "ok": False,
        "totals": {"proved": 1208, "recomputed": 3, "on_a_word": 17},
        "proved": {"blocks executed again": 1200, "statements signed by their accounts": 8},
        "recomputed": {"settlement roots": 3},
        "on_a_word": {
            "the coordinator 5Foo": {"verdicts": 9},
            "the members": {"numbers of examples": 8},
        },
        "notes": [],
        "findings": [
            {
                "kind": "opening",
                "round": 2,
                "account": str(WHO),
                "statement": "round 2: it does not fit",
            }
        ],
    }
