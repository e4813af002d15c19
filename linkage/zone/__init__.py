"""The linkage zone: an encrypted file of sealed parts, the rows open while a run lasts, and what a run leaves."""
