"""PostgreSQL and Valkey that start when first needed and stop when nobody needs them.

For development, demonstration and tests; DATABASE_URL and REDIS_URL name real servers instead.

Every process that uses an embedded server holds a shared lock on a file in the server's directory for as
long as it lives; the kernel lets go of it even after kill -9. A small keeper process, one per server, has the server as
its child and stops it once nobody holds that lock.

    base.py      the Django database engine
    server.py    `ensure`: the server runs when this returns
    keeper.py    starts, watches and stops one server
    postgres.py  how PostgreSQL is set up and run
    valkey.py    how Valkey is run
    process.py   children that end with their parent; servers left behind
"""
