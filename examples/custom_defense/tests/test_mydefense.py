"""What keeps the defense as it is: every rule of the kit, and the rounds that once broke it."""

from mydefense import CloseToTheMedian

from bcfl_plugins.testing import Case, DefenseTests, replay


class TestCloseToTheMedian(DefenseTests):
    tags = CloseToTheMedian.tags

    def make(self, f):
        return CloseToTheMedian(f)


def test_two_attackers_at_different_distances():
    """The second one hid behind the first: the mean was between them and everybody else."""
    case = Case([[0], [0], [0]], [[1000000], [100000]], attack="ladder")
    replay("bounded", CloseToTheMedian, case)
