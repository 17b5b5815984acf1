"""The nurse roster: whose patient sits where, what to do for them when, and who covers whose break.

`rows` reads, `phases` puts clock times to a stay, `cards` says what one nurse has to know of one patient, `page` puts
the sheets of the day together, and `drawing` makes HTML of the cards. A template only writes down what stands here.
"""
