"""Many photographs or questions in one run that can be killed and continued."""
