"""Tables, the journal, runs that can be killed, progress, messages, contact sheets."""
