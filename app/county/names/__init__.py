"""Names as people of England and Wales carry them: groups with their own forenames, surnames and naming customs."""
