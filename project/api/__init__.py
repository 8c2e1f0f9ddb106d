"""The sample protected API: photos, a profile and a report, each behind its scope."""
