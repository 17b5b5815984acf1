"""The day board: who sits where when, and who cares, as a table of chairs by quarter hours.

`rows` reads, `columns`, `chairs` and `staffing` turn what was read into cells, `drawing` makes HTML of those of chairs,
`page` puts everything together.
Everything a template shows is a finished string here, so that drawing a full day takes a few milliseconds.
"""
