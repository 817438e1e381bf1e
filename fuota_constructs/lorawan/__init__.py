"""Radio and session facts of LoRaWAN FUOTA: standard library only, no AWS, no CDK."""
