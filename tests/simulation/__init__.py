"""The whole product in virtual time: years of people, colleagues, outages and crashes in a minute."""
