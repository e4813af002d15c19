"""Foster carers of the county: a small pool of adults who are nobody's parents here."""

from datetime import date
from random import Random

from app.county.names.draw import draw_group, naming
from app.county.numbers import NhsNumbers, mobile
from app.county.people import Person
from app.county.places import ENGLAND, PLOTS, Gazetteer


class FosterHomes:
    def __init__(self, families: int, seed: int, gazetteer: Gazetteer, numbers: NhsNumbers) -> None:
        rng = Random(f"{seed}/fostering")
        self._carers = [_carer(rng, n, gazetteer, numbers, PLOTS * families + n) for n in range(families // 300 + 4)]

    def draw(self, rng: Random) -> Person:
        return rng.choice(self._carers)


def _carer(rng: Random, number: int, gazetteer: Gazetteer, numbers: NhsNumbers, plot: int) -> Person:
    group = draw_group(rng, False)
    names = naming(rng, group, female=True, child=False)
    born = date(1962 + rng.randrange(25), 1 + rng.randrange(12), 1 + rng.randrange(28))
    return Person(
        f"C{number:04d}-foster", True, born, names.given, names.middle, names.family, "", group.code, group.ethnicity,
        nhs=numbers.late(), phone=mobile(rng), homes=[(date(2000, 1, 1), gazetteer.dwelling(rng, ENGLAND, plot))],
    )  # fmt: skip
