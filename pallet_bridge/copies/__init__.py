"""A run's files at a URL, for whoever audits it or may have to go on with it.

::

    URL/runs.json              the names of the runs that are there
    URL/RUN/files.json         which files the run has, and the object of each
    URL/RUN/objects/bafkrei... the bytes of a file, named by their CID

The URL is one of fsspec: a folder, S3 and what speaks like it, SFTP, and more. What only some may
see is encrypted to them by age. Nothing here is believed: whoever fetches a copy checks it against
the chain, as he would check the folder itself.
"""
