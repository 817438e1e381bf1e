"""`fuota init`: a project in an empty folder."""
