"""Everything at once, from everybody: no error, no deadlock, no refused sick call, and every guarantee at the end."""

from collections import Counter
from multiprocessing.pool import Pool

import pytest

from tests.races.contest import RACERS
from tests.races.grounds import grounds, make_plans
from tests.races.storm import ACTS, DAYS, rage
from tests.races.verdict import broken

pytestmark = pytest.mark.django_db(transaction=True)

STEPS = 40


def test_whatever_staff_do_at_once_every_guarantee_holds(racers: Pool) -> None:
    clinics = [grounds(slug, chairs=4, nurses=2, days=DAYS) for slug in ("madison", "wausau")]
    plans = [*make_plans(clinics[0], 25), *make_plans(clinics[1], 15, "vedolizumab")]

    raged = racers.starmap(rage, [(seed, plans, STEPS) for seed in range(RACERS)], chunksize=1)

    deeds = [deed for of_racer in raged for deed in of_racer]
    done = Counter(deed.what for deed in deeds if not (deed.said or deed.surprise))
    slowest = max(deed.seconds for deed in deeds)
    print(f"\nstorm: {len(deeds)} deeds, slowest {slowest * 1000:.0f} ms; done: {dict(done)}")
    assert [deed.surprise for deed in deeds if deed.surprise] == []
    assert Counter(deed.pgcode for deed in deeds if deed.pgcode) == {}
    assert [deed for deed in deeds if deed.what in {"off", "back"} and deed.said] == []
    assert set(done) == set(ACTS)
    assert broken() == {}
