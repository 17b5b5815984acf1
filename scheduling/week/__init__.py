"""The staffing week of one clinic: who works when, and whether that is enough.

`rows` reads, `scene` holds what the cells of a week share, `strips` draws a day by quarter hours, `page` puts the week
together, `drawing` makes HTML of its cells.
"""
