"""The shipped therapies as the tests of the day arithmetic need them: by slug, without a database."""

from therapies.series import PhaseFacts
from therapies.shipped import read_catalog

SHIPPED = {
    therapy.slug: [PhaseFacts(**{name: row[name] for name in PhaseFacts.__slots__}) for row in therapy.phases]
    for therapy in read_catalog().therapies
}
