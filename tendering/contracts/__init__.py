"""From the award to the archive: notices, report, contract, changes, completion."""
