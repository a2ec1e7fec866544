"""Find candidates for targets in a corpus, and write them as a targets file to edit."""
