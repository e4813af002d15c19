"""Where people of the county live: postcodes, wards, LSOAs and localities that look right and exist nowhere.

Postcodes use the areas MR (Marlshire, England) and GW (Glanwern, Wales), which Royal Mail has not assigned;
ward and LSOA codes use serial numbers that ONS has not issued. A postcode follows from its index, so no
list is kept in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

UNIT_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
UNITS = len(UNIT_LETTERS) ** 2
POSTCODES_PER_LSOA = 30
LSOAS_PER_WARD = 5
POSTCODES_PER_WARD = POSTCODES_PER_LSOA * LSOAS_PER_WARD
WARDS_PER_LOCALITY = 4
HOUSES = 60
HOSTELS = 20
"""Hostels of each nation."""
PLOTS = 8
"""How many dwellings of its own a family may have in the course of the years."""
_PLOT_STEP = 7_368_787
"""A prime, so that neighbouring plots lie far apart and no two fall on one house."""
ENGLAND, WALES = "England", "Wales"

_PLACES = {
    ENGLAND: """
Marlford Kettlebridge Stowmarl Ashhollow Pennerby Quarrendale Saltersey Thornwick Little_Marl Hexby
Wrenfield Otterlow Brackendon Cold_Aston_Mere Fernhithe Upper_Pennerby Gannetsea Millrace Harrowmead
Tolland_Cross
""",
    WALES: """
Glanwern Aberwern Llanwernog Pentrewern Cwmgwernen Brynwernol Trewernydd Nantgwern Porthwernan
Rhoswern Llangwernfach Pontwernos Maeswernen Capel_Wernol Cefngwernydd
""",
}
_STREETS = {
    ENGLAND: (
        """
Alder Birch Cedar Elder Hawthorn Juniper Larch Maple Rowan Willow Chapel Church Mill Station School
Market Bridge Victoria Albert Nelson Wellington Kingfisher Heron Lapwing Curlew Orchard Meadow
Quarry Canal Foundry Weaver Tanner Harbour Windmill Poppy Primrose Bluebell Priory Abbey Castle
""",
        "Road Street Close Avenue Lane Drive Way Gardens Terrace Crescent Court Walk",
    ),
    WALES: (
        """
Bryn Afon Coed Eglwys Ysgol Felin Capel Castell Derwen Fedwen Onnen Helyg Celyn Gorsaf Mynydd
Dyffryn Nant Môr Haul Enfys Llan Garth Rhiw Fynwent
""",
        "Heol_y Ffordd Stryd Lôn Maes Clos Rhes Rhodfa",
    ),
}


@dataclass(frozen=True, slots=True)
class Address:
    """One dwelling. `communal` marks hostels, refuges and the like, where sharing an address makes nobody family."""

    house: str
    street: str
    town: str
    postcode: str
    uprn: str
    nation: str
    communal: bool = False

    @property
    def lines(self) -> tuple[str, str]:
        return f"{self.house}{', ' if self.communal else ' '}{self.street}", self.town

    def __str__(self) -> str:
        return ", ".join(self.lines)


@dataclass(frozen=True, slots=True)
class Place:
    postcode: str
    ward: str
    ward_name: str
    lsoa: str
    locality: str
    locality_name: str
    nation: str
    imd_decile: int


def _names(nation: str) -> list[str]:
    return [name.replace("_", " ") for name in _PLACES[nation].split()]


def postcode(index: int, nation: str) -> str:
    """Spell the n-th postcode: districts of ten sectors of 400 units, from MR1 1AA or GW1 1AA on."""
    sector, unit = divmod(index, UNITS)
    district, digit = divmod(sector, 9)
    first, second = divmod(unit, len(UNIT_LETTERS))
    area = "MR" if nation == ENGLAND else "GW"
    return f"{area}{district + 1} {digit + 1}{UNIT_LETTERS[first]}{UNIT_LETTERS[second]}"


def place(index: int, nation: str) -> Place:
    ward_no = index // POSTCODES_PER_WARD
    lsoa_no = index // POSTCODES_PER_LSOA
    names, letter = _names(nation), "E" if nation == ENGLAND else "W"
    town = names[ward_no // WARDS_PER_LOCALITY % len(names)]
    side = ("Central", "North", "South", "West")[ward_no % WARDS_PER_LOCALITY]
    turn = ward_no // WARDS_PER_LOCALITY // len(names)
    locality_no = ward_no // WARDS_PER_LOCALITY + 1
    return Place(
        postcode(index, nation), f"{letter}05{99_000 + ward_no:06d}",
        f"{town} {side}{f' {turn + 1}' if turn else ''}",
        f"{letter}01{990_000 + lsoa_no:06d}", f"{letter}-L{locality_no:03d}",
        f"{town}{f' {turn + 1}' if turn else ''}",
        nation, (lsoa_no * 7 + ward_no * 3) % 10 + 1,
    )  # fmt: skip


class Gazetteer:
    """The county's addresses. Every county has the same first postcodes; a larger one has more of them."""

    def __init__(self, families: int) -> None:
        self.sizes = {ENGLAND: max(600, families // 2), WALES: max(600, families // 5)}
        self._families = families
        self._kept: set[tuple[str, int, int]] = set()
        self._towns = {nation: _names(nation) for nation in self.sizes}
        self._streets = {nation: _streets(nation) for nation in self.sizes}

    def dwelling(self, rng: Random, nation: str, plot: int) -> Address:
        """Build the dwelling on a plot. Different plots hold different dwellings while there is room."""
        index, number = self._place(nation, plot)
        while (nation, index, number) in self._kept:
            plot += PLOTS * self._families + 1
            index, number = self._place(nation, plot)
        return self.at(index, nation, number, flat=int(rng.random() * 9) + 1 if rng.random() < 0.15 else 0)

    def _place(self, nation: str, plot: int) -> tuple[int, int]:
        index, number = divmod(plot * _PLOT_STEP % (self.sizes[nation] * HOUSES), HOUSES)
        # two postcodes share a street, but no house number
        return index, number + 1 + HOUSES * (index % 2)

    def hostel(self, ordinal: int, nation: str) -> Address:
        return self.at(ordinal * 25, nation, 1, name="Hafod House")

    def keep(self, index: int, nation: str, number: int) -> None:
        """Keep a house out of what `dwelling` gives."""
        self._kept.add((nation, index, number))

    def at(self, index: int, nation: str, number: int, flat: int = 0, name: str = "") -> Address:
        """Build the address with this house number in the n-th postcode; a `name` makes it a communal one."""
        towns, streets = self._towns[nation], self._streets[nation]
        town = towns[index // (POSTCODES_PER_WARD * WARDS_PER_LOCALITY) % len(towns)]
        house = f"Flat {flat}, {number}" if flat else str(number)
        uprn = f"{'1' if nation == ENGLAND else '2'}{index:06d}{number:03d}{flat:02d}"
        street = streets[index // 2 % len(streets)]
        return Address(name or house, street, town, postcode(index, nation), uprn, nation, bool(name))

    def decile(self, address: Address) -> int:
        index = int(address.uprn[1:7])
        return place(index, address.nation).imd_decile

    def places(self) -> Iterator[Place]:
        for nation, size in self.sizes.items():
            for index in range(size):
                yield place(index, nation)


def _streets(nation: str) -> list[str]:
    firsts, seconds = (part.split() for part in _STREETS[nation])
    pairs = [(one, two.replace("_", " ")) for one in firsts for two in seconds]
    # A stride coprime to the length scatters neighbours, so that adjacent postcodes differ in both words.
    stride = 37
    order = [pairs[i * stride % len(pairs)] for i in range(len(pairs))]
    return [f"{one} {two}" if nation == ENGLAND else f"{two} {one}" for one, two in order]
