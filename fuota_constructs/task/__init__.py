"""The FUOTA task: the construct, what it is given, who may use it, when it starts."""
