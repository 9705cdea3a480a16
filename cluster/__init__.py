"""Work that is cut into shards, for many processes and machines: the plan, who does which shard, and what is left."""
