"""Firmware: the image and what it is."""
