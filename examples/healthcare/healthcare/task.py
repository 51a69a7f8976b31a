"""Biopsies of scikit-learn's breast cancer data, dealt to hospitals that are not alike."""

from functools import cache

import numpy as np

PATIENTS = (140, 90, 40, 60, 45, 24)
"""So many at each hospital: the greatest has almost six times as many as the smallest."""
REFERRALS = 2
"""This one gets the hard cases of the others: almost all of its tumours are malignant."""
OLD_DEVICE = 4
"""This one measures a little high."""
PUBLIC = 150
"""Patients of no hospital: the coordinator measures models on them."""
FEATURES = 30


@cache
def _biopsies():
    """Return the public patients, and those of each hospital; label 1 is malignant."""
    from sklearn.datasets import load_breast_cancer  # noqa: PLC0415 - some messages need none

    found = load_breast_cancer()
    rng = np.random.default_rng(11)
    order = rng.permutation(len(found.target))
    values, labels = found.data[order], 1 - found.target[order]
    public, rest = (values[:PUBLIC], labels[:PUBLIC]), (values[PUBLIC:], labels[PUBLIC:])
    mean, spread = public[0].mean(axis=0), public[0].std(axis=0)
    scaled = [((part - mean) / spread, kind) for part, kind in (public, rest)]
    return scaled[0], _dealt(*scaled[1])


def _dealt(values, labels):
    """Deal the patients: the referral centre first, nine malignant ones of ten."""
    malignant, benign = [*np.flatnonzero(labels == 1)], [*np.flatnonzero(labels == 0)]
    hard = PATIENTS[REFERRALS] * 9 // 10
    taken = malignant[:hard] + benign[: PATIENTS[REFERRALS] - hard]
    rest = [number for number in range(len(labels)) if number not in {*taken}]
    shares = []
    for hospital, patients in enumerate(PATIENTS):
        if hospital == REFERRALS:
            own = taken
        else:
            own, rest = rest[:patients], rest[patients:]
        data = values[own]
        if hospital == OLD_DEVICE:
            data = data * 1.1 + 0.2
        shares.append((data, labels[own]))
    return shares


def load_data(hospital):
    """Return the measurements of one hospital, and which tumours are malignant."""
    return _biopsies()[1][hospital]


def load_public():
    """Return the patients of no hospital."""
    return _biopsies()[0]


def new_model():
    return {"coef": np.zeros((1, FEATURES)), "intercept": np.zeros(1)}


def train(model, values, labels, epochs, learning_rate):
    from sklearn.linear_model import SGDClassifier  # noqa: PLC0415 - as above

    classifier = SGDClassifier(
        loss="log_loss", alpha=0.01, learning_rate="constant", eta0=learning_rate, random_state=1
    )
    classifier.classes_ = np.array([0, 1])
    classifier.coef_, classifier.intercept_ = model["coef"].copy(), model["intercept"].copy()
    for _ in range(epochs):
        classifier.partial_fit(values, labels)
    return {"coef": classifier.coef_, "intercept": classifier.intercept_}


def losses(model, values, labels):
    """Return the log loss of each patient."""
    logits = values @ model["coef"][0] + model["intercept"][0]
    return np.logaddexp(0, np.where(labels == 1, -logits, logits))


def accuracy(model, values, labels):
    logits = values @ model["coef"][0] + model["intercept"][0]
    return float(((logits > 0) == (labels == 1)).mean())
