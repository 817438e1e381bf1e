"""Who is updated: multicast groups and lists of devices."""
