"""What the user chose: the schema of config.toml, the file, the flags that all jobs share, what a typed path means."""
