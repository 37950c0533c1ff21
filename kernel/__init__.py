"""Time, money, canonical encoding, keys, errors, state tables, storage, database: what every slice stands on."""
