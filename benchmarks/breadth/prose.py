"""What the page says around its tables."""

from __future__ import annotations

PAGE = """# Breadth

Made by `python -m benchmarks.breadth --cache build/breadth --page docs/measurements/breadth.md`:
five data sets, four families of models, eight splits, eight attacks, 3 to 500 sites, and replies
that are partial, unequal or late. The default is beside FedAvg, `cluster`, Flower's own strategies
and byzfl's rules, which all get the same updates. {byzfl}

This page is about {runs} federations, {attacked} of them under attack, of seeds {seeds}. Seeds
{first} to {last} are held out: they were declared before anything was run on them, and no setting
of a rule was chosen on them. One seed of one tiny model is noise: read a gap under three points in
one row as none.

{left}

Each federation is kept on disk when it is done. The same command goes on with the rest, the most
telling first; `--minutes` stops it by itself, `--seeds` says how many of the held-out seeds it
takes, and `--report-only` makes the page of what is there. `all` is every combination, which takes
days. byzfl's package asks for libraries that its rules do not need, so that
`pip install --no-deps byzfl` is enough.

## What is run

- `digits`: scikit-learn's images of 8 by 8 pixels, ten classes.
- `cancer`: scikit-learn's breast cancer, ten measures of a tumour, each with its error and its
    worst, two classes.
- `loans`: six months of borrowers, drawn from a process of our own (`benchmarks/breadth/made.py`):
    paid, paid late, did not pay. Nobody's real data.
- `sensors`: sixteen samples of vibration on three axes, drawn from a process of our own: five
    states of a machine.
- `text`: sixteen words of the doc strings of four parts of Python's own library, as hashed counts;
    which part they are from. Another version of Python has other texts. It is hard: single words
    say little.

The models: `linear`; `mlp`, one hidden layer with BatchNorm; `cnn`, one convolution; `lora`, one
block of attention that saw a tenth of the rows for 40 steps and was then frozen, of which only LoRA
factors of rank 4 are trained and sent. Nobody trains on that tenth. They have 62 to 4,828 numbers.

All train for 20 rounds of five steps with batches of 16. The last sites attack, a third at most and
one at least; they send honest BatchNorm buffers. Accuracy is the mean over the classes, on rows
that no site has, in percent. Flower's strategies and byzfl's rules are told each round that a third
of its updates are attackers', or how many are where that is more, as far as they can withstand so
many; ours are told nothing. The default has all settings as they are, and no validation data. A
dash: the rule refused one of the federations.

## Worst over attacks

Unequal labels (Dirichlet .5). The least over the attacks that were run ({attacks}).

{worst}

{behind}

With skewed labels `cluster_guard` rejects few: its limits widen with the spread of what comes, and
it bounds what an attacker moves instead ([how it decides](../explanation/cluster-guard.md)). A rule
that is told how many attack, and leaves so many out, does better in such rows, and costs honest
sites their votes when nobody attacks.

## Attack by attack

Means over all data sets and models.

{by_attack}

{behind_attack}

## Nobody attacks

{clean}

## Splits

Ten sites; the models take turns. `shards`: two pieces of the rows in order of their class. `sizes`:
in a geometric row from 1 to 100, with as many steps as batches. `shift`: each site's instrument has
its own gain and offset on each feature. `lone`: the first site holds one class, and nobody else
does; not for two classes. `scanner`: after six rounds the first site's instrument shows the
opposite.

{splits}

{behind_split}

What only the first site can teach: its class, or what its new scanner shows.

{own}

## Replies

Twenty sites. A third is asked each round; epochs of 1, 2, 4, 8 and 16 steps; or three in ten
replies come too late, and are not looked at.

{conditions}

## Three to five hundred sites

Equally distributed. Flower's Bulyan is left out above 50, where it takes minutes a round.

{numbers}

## Whom it costs

Percent of updates, but for runs. The worst honest site is the one that was rejected most often, in
any of the runs.

{costs}

Where the default struck an honest site, or, though nobody attacked, rejected one in every round or
lost more than five points to FedAvg:

{defects}
"""
