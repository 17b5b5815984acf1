"""What the manager's report counts, and how: one module per family of figures, pure; `facts` reads what they count.

`metrics` is the list of figures with their definitions, `page` lays them out, `download` writes them as CSV.
"""
