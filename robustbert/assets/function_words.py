"""Opposite function words, which WordNet does not cover."""

from __future__ import annotations

# Written by hand: prepositions, quantifiers, pronouns and negations have no entry, or no antonym,
# in WordNet. Contractions without an apostrophe occur in reviews.
_OPPOSITES = """
with/without within/outside inside/outside in/out into/outside on/off onto/off up/down
upward/downward upwards/downwards upstairs/downstairs uphill/downhill forward/backward
forwards/backwards above/below above/beneath above/under above/underneath over/below over/beneath
over/under over/underneath before/after beforehand/afterwards ahead/behind to/from toward/from
towards/from for/against pro/anti plus/minus until/since here/there now/then
more/less more/fewer most/least most/fewest much/little many/few most/few all/none all/few
all/nothing any/none some/none every/none every/no any/no some/no all/no both/neither either/neither
or/nor lots/few plenty/little
everybody/nobody everyone/nobody everyone/noone anybody/nobody anyone/nobody somebody/nobody
someone/nobody everything/nothing anything/nothing something/nothing everywhere/nowhere
anywhere/nowhere somewhere/nowhere
always/never ever/never often/never often/rarely often/seldom frequently/rarely frequently/seldom
always/rarely always/seldom always/sometimes sometimes/never usually/never usually/rarely
yes/no yeah/no yep/no yes/nope yeah/nope yep/nope if/unless first/last sooner/later earlier/later
earliest/latest former/latter together/apart too/enough
can/cannot can/cant could/couldnt do/dont does/doesnt did/didnt is/isnt are/arent was/wasnt
were/werent has/hasnt have/havent had/hadnt will/wont would/wouldnt should/shouldnt
"""


def function_word_opposites() -> frozenset[tuple[str, str]]:
    """Pairs of opposite function words, each pair in alphabetical order.

    >>> ("with", "without") in function_word_opposites()
    True
    """
    pairs = (entry.split("/") for entry in _OPPOSITES.split())
    return frozenset((min(pair), max(pair)) for pair in pairs)
