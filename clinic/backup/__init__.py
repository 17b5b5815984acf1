"""Backups: one encrypted file each, whole and checked, or none; and restoring one into an empty place.

A file is in the age format (age-encryption.org): a standard that other programs open too, streamed in chunks of 64 KiB
that are each authenticated, numbered and ended, so that a changed, cut, swapped or joined file is refused. We take
`pyrage`, the binding of its Rust implementation, over something of our own: nobody should have to trust our cipher, and
`age --decrypt` opens a backup without this program. Inside stand one line of JSON, the manifest, and after it what
`pg_dump --format=custom` wrote: both from one snapshot of the database.

`making` writes a file and checks it, `restoring` fills an empty database from one, `regular` does the first by the
clock and throws away what `retention` does not keep.
"""


class BackupError(Exception):
    """A backup cannot be made, opened or restored; the message says why, in words for whoever runs the program."""
